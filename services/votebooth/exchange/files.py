"""Files of a poll's ballots, written piece by piece. `tally.formats` reads them all.

Each writer is given the poll's definition, its final counts, and pages of pairs (choice, count); an
abstention is a ballot without a mark.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

from services.votebooth.poll.choices import BallotBody, decode
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results.counting import Published
from services.votebooth.tally.formats.words import WEIGHT, escaped, score_headings
from services.votebooth.tally.render import labels

Page = Sequence[tuple[bytes, int]]
Pages = AsyncIterator[Page]


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _ranking(choice: BallotBody) -> list[list[int]]:
    ranks: Any = choice.ranking
    return ranks or []


def _marks(choice: BallotBody) -> dict[int, int]:
    """Return a choice as scores: a pick is 1."""
    if choice.picks is not msgspec.UNSET:
        return dict.fromkeys(choice.picks, 1)
    given: Any = choice.scores if choice.scores is not msgspec.UNSET else choice.points
    return given or {}


async def ranks_csv(poll: PollChanged, counts: Published, pages: Pages, ranks: int) -> AsyncIterator[str]:
    """Write a table of ranks; `ranks` is how many the longest ballot has."""
    label = {option: escaped(name) for option, name in labels(_names(poll)).items()}
    width = max(ranks, 1)
    yield _row([*(f"rank{number}" for number in range(1, width + 1)), WEIGHT])
    async for page in pages:
        lines = []
        for choice, count in page:
            cells = ["|".join(sorted(label[option] for option in rank)) for rank in _ranking(decode(choice))]
            lines.append(_row([*cells, *[""] * (width - len(cells)), str(count)]))
        yield "".join(lines)
    if counts.abstentions:
        yield _row([*[""] * width, str(counts.abstentions)])


async def scores_csv(poll: PollChanged, counts: Published, pages: Pages) -> AsyncIterator[str]:
    """Write a table of scores; a pick is a 1."""
    ids = [option.id for option in poll.options]
    yield _row([*score_headings(_names(poll)), WEIGHT])
    async for page in pages:
        lines = []
        for choice, count in page:
            marks = _marks(decode(choice))
            lines.append(_row([*(str(marks.get(option, 0)) for option in ids), str(count)]))
        yield "".join(lines)
    if counts.abstentions:
        yield _row([*("0" for _ in ids), str(counts.abstentions)])


async def blt(poll: PollChanged, counts: Published, pages: Pages) -> AsyncIterator[str]:
    """Write BLT; options are numbered in the poll's order."""
    place = {option.id: str(number) for number, option in enumerate(poll.options, 1)}
    yield f"{len(poll.options)} {poll.seats}\n"
    async for page in pages:
        lines = []
        for choice, count in page:
            ranks = ["=".join(place[option] for option in rank) for rank in _ranking(decode(choice))]
            lines.append(" ".join([str(count), *ranks, "0\n"]))
        yield "".join(lines)
    if counts.abstentions:
        yield f"{counts.abstentions} 0\n"
    names = [*labels(_names(poll)).values(), poll.title]
    quoted = (" ".join(name.replace("\\", "\\\\").replace('"', '\\"').split()) for name in names)
    yield "0\n" + "".join(f'"{name}"\n' for name in quoted)


async def preflib(poll: PollChanged, pages: Pages, kind: str, patterns: int, ballots: int) -> AsyncIterator[str]:
    """Write PrefLib's ordinal format, which has no place for abstentions.

    Args:
        poll: The poll.
        pages: Its ballots.
        kind: `soi`, or `toi` where ranks may be shared.
        patterns: How many distinct rankings there are.
        ballots: Of how many ballots.
    """
    place = {option.id: str(number) for number, option in enumerate(poll.options, 1)}
    head = {
        "FILE NAME": f"{poll.poll}.{kind}",
        "TITLE": poll.title,
        "DESCRIPTION": "",
        "DATA TYPE": kind,
        "MODIFICATION TYPE": "original",
        "RELATES TO": "",
        "RELATED FILES": "",
        "PUBLICATION DATE": "",
        "MODIFICATION DATE": "",
        "NUMBER ALTERNATIVES": str(len(poll.options)),
        "NUMBER VOTERS": str(ballots),
        "NUMBER UNIQUE ORDERS": str(patterns),
    }
    head |= {f"ALTERNATIVE NAME {number}": name for number, name in enumerate(labels(_names(poll)).values(), 1)}
    yield "".join(f"# {key}: {' '.join(value.split())}\n" for key, value in head.items())
    async for page in pages:
        lines = []
        for choice, count in page:
            ranks = [
                place[rank[0]] if len(rank) == 1 else f"{{{','.join(place[option] for option in rank)}}}"
                for rank in _ranking(decode(choice))
            ]
            lines.append(f"{count}: {','.join(ranks)}\n")
        yield "".join(lines)


async def json(poll: PollChanged, counts: Published, pages: Pages, result: bytes, seed: str) -> AsyncIterator[str]:
    """Write definition, result and ballots; each ballot as voters send them, with how often it was cast."""
    public = {name: value for name, value in msgspec.to_builtins(poll).items() if name != "owner"}
    yield '{"definition":' + msgspec.json.encode(public).decode()
    yield ',"result":' + result.decode()
    yield f',"seed":"{seed}","ballots":['
    first = True
    async for page in pages:
        lines = [f'{{"choice":{choice.decode()},"count":{count}}}' for choice, count in page]
        yield ("" if first else ",") + ",".join(lines)
        first = False
    if counts.abstentions:
        yield ("" if first else ",") + f'{{"choice":{{"abstain":true}},"count":{counts.abstentions}}}'
    yield "]}\n"


def _names(poll: PollChanged) -> dict[int, str]:
    return {option.id: option.label for option in poll.options}
