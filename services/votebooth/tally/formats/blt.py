r"""BLT, the format of Hill, Wichmann and Woodall (Algorithm 123, The Computer Journal 30, 1987).

    4 2             options and seats
    -2              options that withdrew, if any
    3 1 3 4 0       three ballots: option 1, then 3, then 4
    1 2=4 - 1 0     equal ranks, and a skipped one (extensions of OpenSTV)
    0               the end of the ballots
    "Ada"           the names, in the order of their numbers
    …
    "The title"

Comments (`#` to the end of the line) and ballot identifiers in parentheses are passed over. A quotation
mark in a name is written `\"`.

The tables of Scottish councils, as VoteKit distributes them, say the same in rows: options and seats; a
weight and a ranking; then number, name and party of each option; then the ward.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from services.votebooth.tally.formats.election import (
    MAX_OPTIONS,
    Election,
    FormatError,
    checked_names,
    place,
    shown,
    whole,
)
from services.votebooth.tally.model import MAX_SEATS, MAX_VOTES, OVERVOTE, Rank, Ranking
from services.votebooth.tally.render import labels

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|[^\s"]+|"', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')


class _Tokens:
    """The words and quoted strings of a file, with where they stand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._matches = (match for match in _TOKEN.finditer(text) if match[0][0] != "#")
        self._offset = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        match = next(self._matches)
        self._offset = match.start()
        return match[0]

    def next(self, what: str) -> str:
        """Return the next word."""
        word = next(self, None)
        if word is None:
            raise FormatError(f"the file ends before {what}", *place(self._text, len(self._text)))
        return word

    def number(self, what: str, most: int) -> int:
        """Return the next word as a whole number."""
        return self.whole(self.next(what), what, most)

    def whole(self, word: str, what: str, most: int) -> int:
        """Return the current word, or a part of it, as a whole number."""
        if word.isascii() and word.isdigit() and len(word) < 16 and int(word) <= most:
            return int(word)
        return whole(word, *self.here, what, most=most)

    @property
    def here(self) -> tuple[int, int]:
        """Where the current word stands."""
        return place(self._text, self._offset)

    def error(self, reason: str) -> FormatError:
        """Return an error at the current word."""
        return FormatError(reason, *self.here)


def read_blt(text: str) -> Election:
    """Read a BLT file.

    Raises:
        FormatError: The file is malformed, or a ballot names an option it doesn't have.
    """
    tokens = _Tokens(text)
    size = tokens.number("number of options", MAX_OPTIONS)
    seats = tokens.number("number of seats", MAX_SEATS)
    if not size or not seats:
        raise tokens.error("there is nothing to elect")
    withdrawn, rankings = _ballots(tokens, size)
    names: list[str] = []
    lines: list[int] = []
    for number in range(1, size + 1):
        names.append(_unquoted(tokens.next(f"the name of option {number}"), tokens))
        lines.append(tokens.here[0])
    title = next(tokens, None)
    standing = checked_names(names, lines)
    gone = tuple(standing.pop(number) for number in sorted(withdrawn))
    if withdrawn:
        rankings = _without(rankings, withdrawn)
    return Election(
        format="blt",
        names=standing,
        rankings=rankings,
        seats=seats,
        title="" if title is None else _unquoted(title, tokens),
        withdrawn=gone,
    )


def _unquoted(word: str, tokens: _Tokens) -> str:
    if word == '"':
        raise tokens.error("a quotation mark is never closed")
    return _ESCAPE.sub(r"\1", word[1:-1]).strip() if word[0] == '"' else word


def _ballots(tokens: _Tokens, size: int) -> tuple[set[int], dict[Ranking, int]]:
    """Return the options that withdrew and the ballots."""
    withdrawn: set[int] = set()
    rankings: dict[Ranking, int] = {}
    ranks: dict[str, Rank] = {}
    total = 0
    while True:
        word = tokens.next("the 0 that ends the ballots")
        if word[0] == "-" and not rankings:
            withdrawn.add(_option(word[1:], tokens, size))
            continue
        if word[0] == "(" and word[-1] == ")":
            word = tokens.next("the weight of a ballot")
        weight = tokens.whole(word, "weight", MAX_VOTES)
        if not weight:
            return withdrawn, rankings
        total += weight
        if total > MAX_VOTES:
            raise tokens.error(f"the weights add up to more than {MAX_VOTES}")
        ballot: list[Rank] = []
        while (word := tokens.next("the 0 that ends a ballot")) != "0":
            rank = ranks.get(word)
            if rank is None:
                rank = ranks[word] = _rank(word, tokens, size)
            ballot.append(rank)
        ranking = tuple(ballot)
        rankings[ranking] = rankings.get(ranking, 0) + weight


def _rank(word: str, tokens: _Tokens, size: int) -> Rank:
    if word == "-":
        return ()
    return tuple(sorted({_option(part, tokens, size) for part in word.split("=")}))


def _option(word: str, tokens: _Tokens, size: int) -> int:
    number = tokens.whole(word, "option", MAX_VOTES)
    if not 1 <= number <= size:
        raise tokens.error(f"there is no option {shown(word)}; there are {size}")
    return number


def _without(rankings: Mapping[Ranking, int], withdrawn: set[int]) -> dict[Ranking, int]:
    """Take options off the ballots, and the ranks they leave empty with them."""
    out: dict[Ranking, int] = {}
    for ranking, count in rankings.items():
        ranks = [(rank, tuple(option for option in rank if option not in withdrawn)) for rank in ranking]
        left = tuple(after for before, after in ranks if after or not before)
        out[left] = out.get(left, 0) + count
    return out


def read_scottish(text: str) -> Election:
    """Read a table of a Scottish council's ward.

    Raises:
        FormatError: The table is malformed, or a ballot names an option it doesn't have.
    """
    rows = _rows(text)
    line, head = next(rows, (1, []))
    if len(head) < 2:
        raise FormatError("the first line isn't options and seats", line)
    size = whole(head[0], line, 1, "number of options", most=MAX_OPTIONS)
    seats = whole(head[1], line, 2, "number of seats", most=MAX_SEATS)
    if not size or not seats:
        raise FormatError("there is nothing to elect", line)
    rankings: dict[Ranking, int] = {}
    options: list[tuple[int, list[str]]] = []
    title = ""
    for line, row in rows:
        if row[0].strip().isdigit() and not options:
            weight = whole(row[0], line, 1, "weight")
            ranking = tuple(_place(cell, line, column, size) for column, cell in enumerate(row[1:], 2))
            rankings[ranking] = rankings.get(ranking, 0) + weight
        elif len(options) < size:
            options.append((line, row))
            if len(row) < 2:
                raise FormatError("an option wants its number, its name and its party", line)
        else:
            title = row[0].strip()
    if len(options) < size:
        raise FormatError(f"the file ends before the name of option {len(options) + 1}", line)
    names = [row[1].strip() for _, row in options]
    if len(set(names)) < size:
        names = [" – ".join(cell.strip() for cell in row[1:3]) for _, row in options]
    return Election(
        format="scottish",
        names=checked_names(names, [line for line, _ in options]),
        rankings=rankings,
        seats=seats,
        title=title,
    )


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


def to_blt(names: Mapping[int, str], rankings: Mapping[Ranking, int], *, seats: int = 1, title: str = "") -> str:
    """Write ranked ballots as BLT.

    Options are numbered in the order of `names`. Equal ranks are written with `=`. Skipped ranks and
    overvotes of which the options aren't known have no place in BLT and are left out; where the rules
    make much of them, write what `strict` returns, or a table of ranks.
    """
    number = {option: str(place) for place, option in enumerate(names, 1)}
    lines: dict[str, int] = {}
    for ranking, count in rankings.items():
        ranks = ("=".join(number[option] for option in rank) for rank in ranking if rank and rank != OVERVOTE)
        line = " ".join((*ranks, "0"))
        lines[line] = lines.get(line, 0) + count
    ballots = [f"{count} {line}" for line, count in sorted(lines.items()) if count]
    texts = [*labels(names).values(), title]
    quoted = ['"{}"'.format(" ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())) for text in texts]
    return "\n".join([f"{len(names)} {seats}", *ballots, "0", *quoted]) + "\n"
