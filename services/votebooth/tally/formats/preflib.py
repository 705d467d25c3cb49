"""PrefLib's ordinal formats: soc, soi, toc and toi.

    # TITLE: The title
    # DATA TYPE: toi
    # NUMBER ALTERNATIVES: 3
    # NUMBER VOTERS: 5
    # ALTERNATIVE NAME 1: Ada
    …
    3: 1,2
    2: {1,3},2

S means strict and T with ties, C complete and I incomplete. Source:
https://github.com/PrefLib/PrefLib-Data/blob/main/FORMAT_SPECIFICATION.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import MAX_OPTIONS, checked_names, held_against
from services.votebooth.tally.formats.source import FormatError, lines_of, shown, whole
from services.votebooth.tally.model import MAX_VOTES, OVERVOTE, Rank, Ranking
from services.votebooth.tally.render import labels

TYPES = ("soc", "soi", "toc", "toi")
_MARK = re.compile(r"[{},]")
_BLANKS = re.compile(r"\s*")
_NAME = re.compile(r"ALTERNATIVE NAME (\d{1,9})")


def read_preflib(text: str, *, options: Sequence[str] | None = None) -> Election:
    """Read a file of ordinal preferences.

    Args:
        text: The file.
        options: The names there are. None: those of the file.

    Raises:
        FormatError: The file is malformed, contradicts its header, isn't ordinal, or its names aren't `options`.
    """
    head: dict[str, tuple[str, int]] = {}
    rankings: dict[Ranking, int] = {}
    header: _Header | None = None
    total = 0
    for number, line in enumerate(lines_of(text), 1):
        if line.startswith("#"):
            if header is not None:
                raise FormatError("a line of the header stands among the preferences", number, 1)
            _keep(head, line, number)
        elif line.strip():
            header = header or _Header(head)
            ranking, count = header.preference(line.rstrip(), number)
            total += count
            if total > MAX_VOTES:
                raise FormatError(f"the numbers of voters add up to more than {MAX_VOTES}", number)
            rankings[ranking] = rankings.get(ranking, 0) + count
    header = header or _Header(head)
    voters = header.voters
    if voters is not None and voters[0] != total:
        raise FormatError(f"the header says {voters[0]} voters, the preferences add up to {total}", voters[1])
    names = header.names if options is None else held_against(header.names, header.lines, options)
    return Election(format="preflib", names=names, rankings=rankings, title=head.get("TITLE", ("", 0))[0])


def _keep(head: dict[str, tuple[str, int]], line: str, number: int) -> None:
    key, colon, value = line.removeprefix("#").partition(":")
    key = key.strip().upper()
    if not (colon and key):
        raise FormatError("the line isn't “# KEY: value”", number, 1)
    if key in head:
        raise FormatError(f"the header says {shown(key)} twice", number)
    head[key] = (value.strip(), number)


class _Header:
    """What a header says: options, their number, and the constraints of the data type."""

    def __init__(self, head: Mapping[str, tuple[str, int]]) -> None:
        if not head:
            raise FormatError("the file has no header", 1)
        kind, line = head.get("DATA TYPE", ("", 1))
        self._kind = kind.lower()
        if self._kind not in TYPES:
            raise FormatError(f"the data type is “{shown(kind)}”; soc, soi, toc and toi are read", line)
        size, line = head.get("NUMBER ALTERNATIVES", ("", 1))
        self._size = whole(size, line, 0, "number of alternatives", most=MAX_OPTIONS)
        found = {int(match[1]): value for key, value in head.items() if (match := _NAME.fullmatch(key))}
        missing = [number for number in range(1, self._size + 1) if number not in found]
        if missing or len(found) != self._size:
            reason = f"alternative {missing[0]} has no name" if missing else "there are too many names"
            raise FormatError(reason, line)
        ordered = [found[number] for number in range(1, self._size + 1)]
        self.lines = [number for _, number in ordered]
        self.names = checked_names([name for name, _ in ordered], self.lines)
        self.voters: tuple[int, int] | None = None
        if "NUMBER VOTERS" in head:
            value, line = head["NUMBER VOTERS"]
            self.voters = whole(value, line, 0, "number of voters"), line

    def preference(self, line: str, number: int) -> tuple[Ranking, int]:
        """Return a ballot and how many voters cast it."""
        count, colon, orders = line.partition(":")
        if not colon:
            raise FormatError("there is no colon behind the number of voters", number)
        voters = whole(count, number, 1, "number of voters")
        ranking = [self._rank(parts, number, at) for parts, at in _ranks(orders, number, len(count) + 1)]
        self._check(ranking, number)
        return tuple(ranking), voters

    def _rank(self, parts: Sequence[str], line: int, column: int) -> Rank:
        rank: list[int] = []
        for part in parts:
            option = whole(part, line, column, "alternative")
            if not 1 <= option <= self._size:
                raise FormatError(f"there is no alternative {option}; there are {self._size}", line, column)
            rank.append(option)
        if len(rank) > 1 and self._kind[0] == "s":
            raise FormatError(f"a tie has no place in {self._kind}", line, column)
        return tuple(sorted(rank))

    def _check(self, ranking: list[Rank], line: int) -> None:
        named = [option for rank in ranking for option in rank]
        if len(set(named)) < len(named):
            raise FormatError("an alternative is ranked twice", line)
        if self._kind[2] == "c" and len(named) < self._size:
            raise FormatError(f"an alternative is missing, and {self._kind} is complete", line)


def _ranks(orders: str, line: int, offset: int) -> Iterator[tuple[list[str], int]]:
    """Split a preference into ranks: the numbers of each, and its column.

    Args:
        orders: The preference, such as `1,{2,3},4`.
        line: Its line.
        offset: The characters that stand before it.
    """
    at = 0
    while at < len(orders):
        start, at = at, _blanks(orders, at)
        if orders.startswith("{", at):
            end = orders.find("}", at)
            inner, after = orders[at + 1 : end], end + 1
        else:
            mark = _MARK.search(orders, at)
            end = after = mark.start() if mark else len(orders)
            inner = orders[at:end]
        after = _blanks(orders, after)
        if end < 0 or "{" in inner or (after < len(orders) and orders[after] != ","):
            raise FormatError("the preference can't be read", line, offset + start + 1)
        yield inner.split(","), offset + at + 1
        at = after + 1


def _blanks(text: str, at: int) -> int:
    """Return where the blanks that stand at a place of a text end."""
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def to_preflib(
    names: Mapping[int, str], rankings: Mapping[Ranking, int], *, title: str = "", file_name: str = "election"
) -> tuple[str, str]:
    """Write ranked ballots in the narrowest of the four types.

    Options are numbered in the order of `names`. Skipped ranks, overvotes of which the options aren't
    known and repeats have no place in PrefLib and are left out; so are ballots without a preference.

    Returns:
        The text, and the type, which is also the extension of a file.
    """
    number = {option: place for place, option in enumerate(names, 1)}
    orders: dict[tuple[Rank, ...], int] = {}
    for ranking, count in rankings.items():
        seen: set[int] = set()
        order: list[Rank] = []
        for rank in ranking:
            fresh = tuple(sorted(number[option] for option in rank if rank != OVERVOTE and option not in seen))
            seen.update(rank)
            order += [fresh] if fresh else []
        if order and count:
            orders[tuple(order)] = orders.get(tuple(order), 0) + count
    ties = any(len(rank) > 1 for order in orders for rank in order)
    complete = all(sum(map(len, order)) == len(names) for order in orders)
    kind = f"{'t' if ties else 's'}o{'c' if complete else 'i'}"
    head = {
        "FILE NAME": f"{file_name}.{kind}",
        "TITLE": title,
        "DESCRIPTION": "",
        "DATA TYPE": kind,
        "MODIFICATION TYPE": "original",
        "RELATES TO": "",
        "RELATED FILES": "",
        "PUBLICATION DATE": "",
        "MODIFICATION DATE": "",
        "NUMBER ALTERNATIVES": str(len(names)),
        "NUMBER VOTERS": str(sum(orders.values())),
        "NUMBER UNIQUE ORDERS": str(len(orders)),
    }
    head |= {f"ALTERNATIVE NAME {place}": name for place, name in enumerate(labels(names).values(), 1)}
    lines = [f"# {key}: {' '.join(value.split())}" for key, value in head.items()]
    for ballot, count in sorted(orders.items(), key=lambda item: (-item[1], item[0])):
        ranks = (str(rank[0]) if len(rank) == 1 else f"{{{','.join(map(str, rank))}}}" for rank in ballot)
        lines.append(f"{count}: {','.join(ranks)}")
    return "\n".join(lines) + "\n", kind
