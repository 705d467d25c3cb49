"""The capacity of each night, kept beside the reports: a list, a chart and the last nights as a table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

import msgspec
from msgspec import Struct
from services.core.storage.files import NoSuchFile, Storage

MOST = 400
"""Nights that are kept: more than a year."""

_SHOWN = 14
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 900, 320, 70, 20, 40, 40
_STYLE = (
    "text{font:12px sans-serif;fill:#1b1b1f}.t{font-size:15px}.g{stroke:#d5d5dc}"
    ".l{fill:none;stroke:#3c46c7;stroke-width:2}.p{fill:#3c46c7}.z{fill:#b3261e}rect{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e6ea}.g{stroke:#3a3a44}.l{stroke:#aab2ff}.p{fill:#aab2ff}"
    ".z{fill:#ffb4ab}rect{fill:#16161a}}"
)


class Night(Struct, frozen=True):
    """One search.

    Attributes:
        at: When it ended, in UTC.
        version: What ran, if that is known.
        rate: Votes a second; 0 if not even the first rate held.
    """

    at: datetime
    version: str
    rate: float


async def add(storage: Storage, environment: str, version: str, rate: float, now: datetime) -> list[Night]:
    """Add a search to an environment's history, and draw it anew; return the history, oldest first.

    One search at a time, as the workflow has it: the list is read and written as a whole.

    Raises:
        StorageError: It can't be read or written.
        ValueError: What is there isn't a history, and is left as it is.
    """
    key = f"load/history/{environment}.json"
    try:
        known = msgspec.json.decode(await storage.get(key), type=list[Night])
    except NoSuchFile:
        known = []
    nights = sorted([*known, Night(now.astimezone(UTC), version, rate)], key=lambda it: it.at)[-MOST:]
    await storage.put(key, msgspec.json.format(msgspec.json.encode(nights), indent=1), "application/json")
    await storage.put(f"load/history/{environment}.svg", chart(environment, nights).encode(), "image/svg+xml")
    return nights


def table(nights: Sequence[Night]) -> str:
    """Return the last nights as a table in Markdown, newest first, each beside the one before."""
    lines = ["| night | votes a second | before | version |", "|---|---:|---:|---|"]
    shown = list(zip([None, *nights], nights, strict=False))[-_SHOWN:]
    for before, night in reversed(shown):
        change = f"{(night.rate / before.rate - 1) * 100:+.0f} %" if before and before.rate else ""
        lines.append(f"| {night.at:%Y-%m-%d %H:%M} | {night.rate:,.0f} | {change} | {night.version[:12]} |")
    return "\n".join(lines) + "\n"


def chart(environment: str, nights: Sequence[Night]) -> str:
    """Return the history as a drawing (SVG), in which a night without a capacity is a mark on the ground."""
    highest = _round_up(max((it.rate for it in nights), default=0.0))
    begin, end = (nights[0].at, nights[-1].at) if nights else (datetime.now(UTC), datetime.now(UTC))
    seconds = max((end - begin).total_seconds(), 1.0)

    def place(night: Night) -> tuple[float, float]:
        share = (night.at - begin).total_seconds() / seconds if len(nights) > 1 else 0.5
        x = _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
        return round(x, 1), round(_HEIGHT - _BOTTOM - night.rate / highest * (_HEIGHT - _TOP - _BOTTOM), 1)

    title = f"Capacity of {environment}, votes a second"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}"/><text class="t" x="{_LEFT}" y="24">{escape(title)}</text>',
    ]
    for part in range(5):
        y = _HEIGHT - _BOTTOM - part / 4 * (_HEIGHT - _TOP - _BOTTOM)
        out.append(f'<line class="g" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{highest * part / 4:,.0f}</text>')
    if nights:
        points = [place(it) for it in nights]
        out.append(f'<polyline class="l" points="{" ".join(f"{x},{y}" for x, y in points)}"/>')
        for night, (x, y) in zip(nights, points, strict=True):
            said = f"{night.at:%Y-%m-%d %H:%M}: {night.rate:,.0f}, {night.version[:12]}"
            kind = "p" if night.rate else "z"
            out.append(f'<circle class="{kind}" cx="{x}" cy="{y}" r="3"><title>{escape(said)}</title></circle>')
        out.append(f'<text x="{_LEFT}" y="{_HEIGHT - 12}">{begin:%Y-%m-%d}</text>')
        out.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 12}" text-anchor="end">{end:%Y-%m-%d}</text>')
    else:
        out.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT / 2}" text-anchor="middle">no night yet</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, …: the top of the scale."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if value <= factor * step:
                return factor * step
        step *= 10
