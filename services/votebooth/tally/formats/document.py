"""The JSON that VoteWave exports: what the poll was, and its ballots as voters sent them.

    {
      "format": "votewave", "seed": "5f0c…",
      "definition": {"method": {"type": "star", "max_score": 5}, "options": [{"id": 1, "label": "Ada"}, …], …},
      "result": …,
      "ballots": [{"choice": {"scores": {"1": 5}}, "cast": "marks", "count": 3}, …]
    }

A choice holds `picks`, `scores`, `ranking` or `points`, or says that it abstains; what else stands in the document
isn't read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import checked_names, held_against
from services.votebooth.tally.formats.source import FormatError, decode, shown
from services.votebooth.tally.model import MAX_SEATS, MAX_VOTES, Method, Ranking

NAME = "votewave"
_MAX_OPTIONS = 1_000
"""Of a poll there are fewer. Each scored ballot becomes a row as long as there are options."""
_RANKED = frozenset({Method.IRV, Method.STV, Method.SCHULZE, Method.RANKED_ROBIN})


def read_document(data: bytes, *, options: Sequence[str] | None = None) -> Election:
    """Read an export in JSON.

    Args:
        data: The file.
        options: The names there are. None: those of the file.

    Raises:
        FormatError: It is no such document, or its names aren't `options`.
    """
    document = _Document(_parsed(data))
    names = document.names()
    if options is not None:
        names = held_against(names, [0] * len(names), options)
    ids = {str(number): number for number in names}
    method = document.method()
    rankings: dict[Ranking, int] = {}
    scores: dict[tuple[int, ...], int] = {}
    ranked = method in _RANKED
    total = 0
    for place, ballot in enumerate(document.list("ballots")):
        where = f"ballots[{place}]"
        choice, count = _object(ballot, where).get("choice"), _whole(ballot.get("count"), f"{where}.count", MAX_VOTES)
        marks = _Marks(_object(choice, f"{where}.choice"), ids, f"{where}.choice")
        total += count
        if ranked:
            ranking = marks.ranking()
            rankings[ranking] = rankings.get(ranking, 0) + count
        else:
            row = marks.scores()
            scores[row] = scores.get(row, 0) + count
    if total > MAX_VOTES:
        raise FormatError(f"the ballots are more than {MAX_VOTES}")
    return Election(
        format="json",
        names=names,
        rankings=rankings if ranked else None,
        scores=None if ranked else scores,
        method=method,
        seats=document.parameter("seats", MAX_SEATS),
        top=document.parameter("max_score", MAX_VOTES),
        seed=document.text("seed"),
    )


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(decode(data), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise FormatError(f"the file is no JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise FormatError("the file is no export: its JSON is nested too deeply") from None
    except FormatError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise FormatError(f"the file is no export: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise FormatError(f"an object has “{shown(twice)}” twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise FormatError(f"“{shown(text)}” is no whole number")


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"{where} is no object")
    return value


def _whole(value: Any, where: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise FormatError(f"{where} is no whole number from 0 to {most}")
    return value


class _Document:
    """The fields of an export."""

    def __init__(self, value: Any) -> None:
        self._fields = _object(value, "the file")
        if self._fields.get("format") != NAME:
            raise FormatError(f'the JSON isn\'t VoteWave\'s: it has no "format": "{NAME}"')
        self._definition = _object(self._fields.get("definition"), "definition")
        self._method = _object(self._definition.get("method"), "definition.method")

    def method(self) -> Method:
        """Return how the poll is counted."""
        name = self._method.get("type")
        if name not in list(Method):
            raise FormatError(f"definition.method.type is none of {', '.join(Method)}")
        return Method(name)

    def list(self, field: str) -> list[Any]:
        """Return a field that is a list."""
        value = self._fields.get(field)
        if not isinstance(value, list):
            raise FormatError(f"{field} is no list")
        return value

    def parameter(self, name: str, most: int) -> int | None:
        """Return a parameter of the method that is a whole number from 1, if it is there."""
        value, where = self._method.get(name), f"definition.method.{name}"
        if value == 0:
            raise FormatError(f"{where} is 0")
        return None if value is None else _whole(value, where, most)

    def text(self, field: str) -> str | None:
        """Return a field that is a text, if it is there."""
        value = self._fields.get(field)
        if value is not None and not isinstance(value, str):
            raise FormatError(f"{field} is no text")
        return value

    def names(self) -> dict[int, str]:
        """Return the labels of the options, by id."""
        options = self._definition.get("options")
        if not isinstance(options, list):
            raise FormatError("definition.options is no list")
        names: dict[int, str] = {}
        for place, option in enumerate(options):
            where = f"definition.options[{place}]"
            number, label = _whole(_object(option, where).get("id"), f"{where}.id", MAX_VOTES), option.get("label")
            if number < 1 or number in names or not isinstance(label, str):
                raise FormatError(f"{where} has no id of its own, or no label")
            names[number] = label
        if len(names) > _MAX_OPTIONS:
            raise FormatError(f"there are {len(names)} options; {_MAX_OPTIONS} are allowed")
        checked_names(list(names.values()), [0] * len(names))
        return names


class _Marks:
    """A choice: what a ballot says."""

    def __init__(self, choice: Mapping[str, Any], ids: Mapping[str, int], where: str) -> None:
        if len(choice) != 1:
            raise FormatError(f"{where} says more or less than one thing")
        self._ids = ids
        ((self._kind, self._value),) = choice.items()
        self._where = f"{where}.{self._kind}"

    def _option(self, value: Any) -> int:
        number = self._ids.get(str(value)) if isinstance(value, str | int) else None
        if number is None:
            raise FormatError(f"{self._where} names the option {shown(str(value))}, which doesn't stand")
        return number

    def _refused(self) -> FormatError:
        return FormatError(f"{self._where} is none of the marks that the method takes")

    def ranking(self) -> Ranking:
        """Return the ranks of a ballot, none where it abstains."""
        if self._kind == "abstain" and self._value is True:
            return ()
        if self._kind != "ranking" or not isinstance(self._value, list):
            raise self._refused()
        ranks = [rank if isinstance(rank, list) else [rank] for rank in self._value]
        ranking = tuple(tuple(sorted(self._option(option) for option in rank)) for rank in ranks)
        named = [option for rank in ranking for option in rank]
        if len(set(named)) < len(named):
            raise FormatError(f"{self._where} ranks an option twice")
        return ranking

    def scores(self) -> tuple[int, ...]:
        """Return a score for each option: a pick is a 1."""
        given: dict[int, int] = {}
        if self._kind == "picks" and isinstance(self._value, list):
            given = {self._option(option): 1 for option in self._value}
        elif self._kind in {"scores", "points"} and isinstance(self._value, dict):
            given = {
                self._option(option): _whole(score, self._where, MAX_VOTES) for option, score in self._value.items()
            }
        elif self._kind != "abstain" or self._value is not True:
            raise self._refused()
        return tuple(given.get(option, 0) for option in self._ids.values())
