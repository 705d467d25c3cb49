"""A result as text, and numbers as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from services.votebooth.tally.explain import explain
from services.votebooth.tally.model import Method, Number, Result, Round

PLACES = 6


def decimal(number: Number, places: int = PLACES) -> str:
    """Return a number in decimals, rounded half to even."""
    scaled = round(Fraction(number) * 10**places)
    sign = "-" if scaled < 0 else ""
    whole, part = divmod(abs(scaled), 10**places)
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def labels(names: Mapping[int, str]) -> dict[int, str]:
    """Return names that are unique: the id stands behind those that several options share, or for none."""
    shared = {name for name, times in Counter(names.values()).items() if times > 1}
    return {
        option: f"#{option}" if not name.strip() else f"{name} (#{option})" if name in shared else name
        for option, name in names.items()
    }


def _sorted(tallies: Mapping[int, Number], label: Mapping[int, str]) -> list[int]:
    return sorted(tallies, key=lambda option: (-tallies[option], label[option], option))


def short(number: Number) -> str:
    """Return a number for reading: grouped digits, and four decimals where it isn't whole."""
    if number.denominator == 1:
        return f"{int(number):,}"
    whole, _, part = decimal(number, 4).partition(".")
    return f"{int(whole):,}.{part}"


def _safe(text: str) -> str:
    """Replace what could steer a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def to_text(result: Result) -> str:
    """Return a result as lines for a terminal."""
    label = {option: _safe(name) for option, name in labels(result.names).items()}
    lines = [f"{_TITLES[result.method]}, {_times(result.seats, 'seat')}, {_times(result.ballots, 'ballot')}"]
    if result.abstentions:
        lines.append(_times(result.abstentions, "abstention"))
    if result.void:
        lines.append(f"{_times(result.void, 'ballot')} void")
    lines += [_safe(note) for note in result.notes]
    for number, each in enumerate(result.rounds, 1):
        quota = "" if each.quota is None else f" (quota {short(each.quota)})"
        lines += ["", f"Round {number}{quota}"]
        lines += _table(each, label)
        lines += [f"  {line}" for line in explain(each, result, label, short)]
    winners = ", ".join(label[option] for option in result.winners) or "nobody"
    lines += ["", f"Elected: {winners}"]
    if any(tie.by == "seed" for tie in result.ties):
        lines.append("Ties were broken by the order of SHA-256(seed, 0, name); see `--json`.")
    return "\n".join(lines) + "\n"


def _times(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _table(each: Round, label: Mapping[int, str]) -> Iterable[str]:
    numbers = {option: short(votes) for option, votes in each.tallies.items()}
    name_width = max((len(label[option]) for option in numbers), default=0)
    number_width = max((len(number) for number in numbers.values()), default=0)
    for option in _sorted(each.tallies, label):
        mark = " elected" if option in each.elected else " eliminated" if option in each.eliminated else ""
        yield f"  {label[option]:<{name_width}}  {numbers[option]:>{number_width}}{mark}"


_TITLES = {
    Method.SINGLE: "Single choice",
    Method.MULTIPLE: "Multiple choice",
    Method.APPROVAL: "Approval",
    Method.SCORE: "Score",
    Method.POINTS: "Points to divide",
    Method.STAR: "STAR",
    Method.IRV: "Instant runoff",
    Method.STV: "Single transferable vote",
    Method.SCHULZE: "Schulze",
    Method.RANKED_ROBIN: "Ranked robin",
}
