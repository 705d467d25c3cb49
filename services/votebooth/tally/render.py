"""A result as JSON and as text.

The JSON of `to_dict`:

    {
      "method": "stv",
      "winners": ["Ada", "Bo"],         names, in order of election
      "winner_ids": [7, 3],
      "seats": 2,
      "ballots": 42871,                 ballots read
      "abstentions": 12, "void": 0,       of these
      "rules": {"overvote": "skip", …}, every named rule
      "notes": ["Left out: the column …"],  what reading the file left out or took for granted
      "seed": "…",
      "tie_order": ["Cy", "Ada", "Bo"], the published order, first in ties to last
      "ties": [{"round": 3, "purpose": "eliminate", "tied": […], "chosen": […], "by": "seed"}],
      "rounds": [{
        "round": 1,
        "kind": "count",
        "tallies": {"Ada": 20, "Bo": "31/3"},           most first
        "tallies_decimal": {"Ada": "20.000000", "Bo": "10.333333"},
        "elected": ["Ada"], "elected_by": "quota",
        "eliminated": [],
        "exhausted": 0,
        "rounded": 0,                                   IRV and STV
        "quota": 11,                                    IRV and STV
        "transfers": [{"from": "Ada", "to": "Bo", "votes": "9/2", "votes_decimal": "4.500000", …}],
        "notes": ["Ada reaches the quota of 11 …"]      the round in English
      }],
      "runoff": {"tallies": {"Ada": 5, "Bo": 3}, "no_preference": 1, "winner": "Ada"},      STAR
      "pairwise": {"Ada": {"Bo": 5}, "Bo": {"Ada": 3}},     STAR, Schulze, ranked robin
      "strengths": {…}                                      Schulze
    }

A number is a JSON integer where it is whole. Otherwise it is a string "numerator/denominator" in lowest
terms, and a key of the same name with `_decimal` appended stands beside it, rounded half to even to six
places. Two options of one name are told apart by their ids: "Ada (#7)".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from services.votebooth.tally.explain import explain
from services.votebooth.tally.model import Method, Number, Pairwise, Result, Round, Tie, Transfer
from services.votebooth.tally.ties import order

PLACES = 6


def exact(number: Number) -> int | str:
    """Return a number as JSON holds it: an integer, or a string such as "7/3"."""
    return int(number) if number.denominator == 1 else f"{number.numerator}/{number.denominator}"


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


def to_dict(result: Result) -> dict[str, Any]:
    """Return a result as plain JSON values, in the shape this module describes."""
    label = labels(result.names)
    out: dict[str, Any] = {
        "method": str(result.method),
        "winners": [label[option] for option in result.winners],
        "winner_ids": list(result.winners),
        "seats": result.seats,
        "ballots": result.ballots,
        "abstentions": result.abstentions,
        "void": result.void,
        "rules": {key: value if value is None else _plain(value) for key, value in asdict(result.rules).items()},
        "notes": list(result.notes),
        "seed": result.seed,
        "tie_order": [label[option] for option in order(result.names, result.seed)],
        "ties": [
            {"round": number, **_tie(tie, label)} for number, each in enumerate(result.rounds, 1) for tie in each.ties
        ],
        "rounds": [_round(number, each, result, label) for number, each in enumerate(result.rounds, 1)],
    }
    if result.runoff is not None:
        out["runoff"] = {
            "tallies": _tallies(result.runoff.tallies, label, exact),
            "no_preference": result.runoff.no_preference,
            "winner": label[result.runoff.winner],
        }
    if result.pairwise is not None:
        out["pairwise"] = _matrix(result.pairwise, label)
    if result.strengths is not None:
        out["strengths"] = _matrix(result.strengths, label)
    return out


def _plain(value: object) -> int | str:
    return value if isinstance(value, int) else str(value)


def _matrix(pairwise: Pairwise, label: Mapping[int, str]) -> dict[str, dict[str, int]]:
    return {label[a]: {label[b]: pairwise.get((a, b), 0) for b in label if b != a} for a in label}


def _tie(tie: Tie, label: Mapping[int, str]) -> dict[str, Any]:
    return {
        "purpose": tie.purpose,
        "tied": [label[option] for option in tie.tied],
        "chosen": [label[option] for option in tie.chosen],
        "by": tie.by,
    }


def _sorted(tallies: Mapping[int, Number], label: Mapping[int, str]) -> list[int]:
    return sorted(tallies, key=lambda option: (-tallies[option], label[option], option))


def _tallies(
    tallies: Mapping[int, Number], label: Mapping[int, str], show: Callable[[Number], int | str]
) -> dict[str, int | str]:
    return {label[option]: show(tallies[option]) for option in _sorted(tallies, label)}


def _with_decimal(out: dict[str, Any], key: str, number: Number) -> None:
    out[key] = exact(number)
    if number.denominator != 1:
        out[f"{key}_decimal"] = decimal(number)


def _round(number: int, each: Round, result: Result, label: Mapping[int, str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "round": number,
        "kind": each.kind,
        "tallies": _tallies(each.tallies, label, exact),
    }
    if any(votes.denominator != 1 for votes in each.tallies.values()):
        out["tallies_decimal"] = _tallies(each.tallies, label, decimal)
    out["elected"] = [label[option] for option in each.elected]
    out["elected_by"] = each.elected_by
    out["eliminated"] = [label[option] for option in each.eliminated]
    _with_decimal(out, "exhausted", each.exhausted)
    if result.method in {Method.IRV, Method.STV}:
        _with_decimal(out, "rounded", each.rounded)
    if each.quota is not None:
        _with_decimal(out, "quota", each.quota)
    out["transfers"] = [_transfer(transfer, label) for transfer in each.transfers]
    out["notes"] = list(explain(each, result, label, _short))
    return out


def _transfer(transfer: Transfer, label: Mapping[int, str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "from": label[transfer.source],
        "to": None if transfer.target is None else label[transfer.target],
    }
    _with_decimal(out, "votes", transfer.votes)
    _with_decimal(out, "value", transfer.value)
    return out


def _short(number: Number) -> str:
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
        quota = "" if each.quota is None else f" (quota {_short(each.quota)})"
        lines += ["", f"Round {number}{quota}"]
        lines += _table(each, label)
        lines += [f"  {line}" for line in explain(each, result, label, _short)]
    winners = ", ".join(label[option] for option in result.winners) or "nobody"
    lines += ["", f"Elected: {winners}"]
    if any(tie.by == "seed" for tie in result.ties):
        lines.append("Ties were broken by the order of SHA-256(seed, 0, name); see `--json`.")
    return "\n".join(lines) + "\n"


def _times(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _table(each: Round, label: Mapping[int, str]) -> Iterable[str]:
    numbers = {option: _short(votes) for option, votes in each.tallies.items()}
    name_width = max((len(label[option]) for option in numbers), default=0)
    number_width = max((len(number) for number in numbers.values()), default=0)
    for option in _sorted(each.tallies, label):
        mark = " elected" if option in each.elected else " eliminated" if option in each.eliminated else ""
        yield f"  {label[option]:<{name_width}}  {numbers[option]:>{number_width}}{mark}"


_TITLES = {
    Method.PLURALITY: "Plurality",
    Method.APPROVAL: "Approval",
    Method.SCORE: "Score",
    Method.POINTS: "Points to divide",
    Method.STAR: "STAR",
    Method.IRV: "Instant runoff",
    Method.STV: "Single transferable vote",
    Method.SCHULZE: "Schulze",
    Method.RANKED_ROBIN: "Ranked robin",
}
