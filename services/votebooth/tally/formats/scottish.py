"""The tables of Scottish councils, as VoteKit distributes them.

    4,3,                                    options and seats
    52,1,2,                                 a weight and a ranking
    …
    "Candidate 1","Ada","Red (R)",          number, name and party of each option
    …
    "The ward",

The header's number of options is held to: fewer or more of them than it says are refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import MAX_OPTIONS, checked_names, fold, held_against
from services.votebooth.tally.formats.source import FormatError, shown, whole
from services.votebooth.tally.model import MAX_SEATS, MAX_VOTES, Rank, Ranking

_NUMBER = re.compile(r"[0-9]{1,9}$")


def read_scottish(text: str, *, options: Sequence[str] | None = None) -> Election:
    """Read a table of a Scottish council's ward.

    Args:
        text: The file.
        options: The names there are. None: those of the file.

    Raises:
        FormatError: The table is malformed, a ballot names an option it doesn't have, more or fewer options follow
            than the first line says, or they aren't `options`.
    """
    rows = _rows(text)
    line, head = next(rows, (1, []))
    size, seats = _head(head, line)
    rankings: dict[Ranking, int] = {}
    names: list[tuple[int, list[str]]] = []
    title: str | None = None
    total = 0
    for line, row in rows:
        if row[0].strip().isdigit():
            if names:
                raise FormatError("a ballot stands among the options", line)
            weight = whole(row[0], line, 1, "weight")
            total += weight
            ranking = tuple(_place(cell, line, column, size) for column, cell in enumerate(row[1:], 2))
            rankings[ranking] = rankings.get(ranking, 0) + weight
        elif len(names) < size:
            _check_number(row[0], len(names) + 1, line)
            if len(row) < 2:
                raise FormatError("an option wants its number, its name and its party", line)
            names.append((line, row))
        elif len(row) > 1:
            raise FormatError(f"the first line says {size} options, and another follows", line)
        elif title is None:
            title = row[0].strip()
        else:
            raise FormatError("another line follows the name of the ward", line)
    if total > MAX_VOTES:
        raise FormatError(f"the weights add up to more than {MAX_VOTES}")
    if len(names) < size:
        raise FormatError(f"the file ends before the name of option {len(names) + 1}", line)
    lines = [line for line, _ in names]
    standing = _named([row for _, row in names], lines)
    if options is not None:
        standing = held_against(standing, lines, options)
    return Election(format="scottish", names=standing, rankings=rankings, seats=seats, title=title or "")


def _head(row: Sequence[str], line: int) -> tuple[int, int]:
    """Return options and seats."""
    if len(row) < 2:
        raise FormatError("the first line isn't options and seats", line)
    if len(row) > 2:
        raise FormatError("the first line is options and seats, and nothing else", line, 3)
    size = whole(row[0], line, 1, "number of options", most=MAX_OPTIONS)
    seats = whole(row[1], line, 2, "number of seats", most=MAX_SEATS)
    if not size or not seats:
        raise FormatError("there is nothing to elect", line)
    return size, seats


def _check_number(cell: str, expected: int, line: int) -> None:
    """Refuse an option out of its place, if it has a number."""
    number = _NUMBER.search(cell.strip())
    if number is not None and int(number[0]) != expected:
        raise FormatError(f"option {expected} is expected here, and “{shown(cell)}” stands", line, 1)


def _named(rows: Sequence[Sequence[str]], lines: Sequence[int]) -> dict[int, str]:
    """Return the options' names, with the parties behind them where two have one name."""
    names = [row[1].strip() for row in rows]
    if len({fold(name) for name in names}) < len(names):
        names = [" – ".join(cell.strip() for cell in row[1:3]) for row in rows]
    return checked_names(names, lines)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return the rows without the empty cells behind them, each with its line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            while row and not row[-1].strip():
                row.pop()
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise FormatError(f"the row is no CSV: {error}", reader.line_num) from None


def _place(cell: str, line: int, column: int, size: int) -> Rank:
    number = whole(cell, line, column, "option")
    if not 1 <= number <= size:
        raise FormatError(f"there is no option {shown(cell)}; there are {size}", line, column)
    return (number,)
