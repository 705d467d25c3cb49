r"""Tables in CSV: one row a ballot, ranks or scores.

Ranks: a column a rank, `rank1`, `rank2` and so on; a cell is an option's name. An empty cell, `skipped` or
`undervote` skips the rank; `overvote`, or names joined by `|`, is an overvote. Other columns are left
alone.

Scores: a column an option; a cell is a whole number, empty for 0. Columns that are no options have to be
named, so that a misspelt one is noticed.

In both, a column `weight`, `count` or `votes`, in any case, says how many such ballots there are. Words that mean
something are known whatever their case and spacing. A backslash takes its meaning from `|`, from a backslash, and,
in front, from the words above: `\skipped` is an option of that name. It also stands in front of names that begin
with `=`, `+`, `-` or `@`, so that no spreadsheet runs them as formulas.
"""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TypeVar

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import MAX_NAME, MAX_OPTIONS, fold
from services.votebooth.tally.formats.source import FormatError, decode, shown, whole
from services.votebooth.tally.model import MAX_VOTES, OVERVOTE, Rank, Ranking
from services.votebooth.tally.render import labels

WEIGHT = "weight"
WEIGHTS = frozenset({WEIGHT, "count", "votes"})
"""Headings, folded, of a column that says how many such ballots there are."""
SKIPPED = frozenset({"", "skipped", "undervote"})
OVERVOTED = "overvote"
_WORDS = frozenset({"skipped", "undervote", OVERVOTED})
_SEPARATORS = re.compile(r"[\s_-]+")
_NO_OPTION = re.compile(
    r"(?i:\b(voter|ballot|poll|respondent|precinct|name|e-?mail|comment|timestamp|date|time|id)\b)|[a-z_]ID$|_id$"
)
_FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes what begins so for a formula, and runs it."""
MAX_SCORE = 1_000_000
MAX_RANKS = 1_000

Cell = TypeVar("Cell")


def read_ranks(data: bytes, *, prefix: str = "rank", options: Sequence[str] | None = None) -> Election:
    """Read a table of ranks.

    Args:
        data: The file.
        prefix: What the columns of ranks are called, before their number.
        options: The options there are. None: those that occur, numbered as they do.

    Raises:
        FormatError: The table is malformed, or names an option that isn't among `options`.
    """
    rows = _Rows(data)
    columns = _rank_columns(rows.header, prefix)
    cells = _Ranks(options)
    rankings: dict[Ranking, int] = {}
    for ballot, count in rows.count(columns, cells).items():
        size = len(ballot)
        while size and not ballot[size - 1]:
            size -= 1
        ranking = ballot[:size]
        rankings[ranking] = rankings.get(ranking, 0) + count
    left_out = [
        shown(name) for index, name in enumerate(rows.header) if index not in columns and not rows.is_weight(index)
    ]
    notes = (f"Left out: {', '.join(f'“{name}”' for name in left_out)}.",) if left_out else ()
    return Election(
        format="ranks",
        names={number: name for name, number in cells.ids.items()},
        rankings=rankings,
        notes=(*rows.notes, *notes),
    )


def read_scores(data: bytes, *, ignore: Sequence[str] = (), top: int | None = None) -> Election:
    """Read a table of scores.

    Args:
        data: The file.
        ignore: Columns that are no options.
        top: The highest score allowed. None: `MAX_SCORE`.

    Raises:
        FormatError: The table is malformed, or a score is out of range.
    """
    rows = _Rows(data)
    headings, ignored = set(rows.header), set(ignore)
    missing = [name for name in ignore if name not in headings]
    if missing:
        raise FormatError(f"there is no column “{shown(missing[0])}” to ignore", 1)
    columns = [index for index, name in enumerate(rows.header) if name not in ignored and not rows.is_weight(index)]
    if not columns:
        raise FormatError("no column is an option", 1)
    if len(columns) > MAX_OPTIONS:
        raise FormatError(f"there are {len(columns)} options; {MAX_OPTIONS} are allowed", 1, columns[MAX_OPTIONS] + 1)
    names = {number: _unescaped(rows.header[index]) for number, index in enumerate(columns, 1)}
    counts = rows.count(columns, _Scores(MAX_SCORE if top is None else top))
    return Election(format="scores", names=names, scores=counts, notes=rows.notes)


def _rank_columns(header: Sequence[str], prefix: str) -> list[int]:
    """Return where rank 1, 2 … stand."""
    found: dict[int, int] = {}
    for index, name in enumerate(header):
        number = name.removeprefix(prefix)
        if name.startswith(prefix) and number.isascii() and number.isdigit():
            rank = int(number[:9])
            if str(rank) != number or not 1 <= rank <= MAX_RANKS:
                raise FormatError(f"“{shown(name)}” is no rank from 1 to {MAX_RANKS}", 1, index + 1)
            found[rank] = index
    missing = [rank for rank in range(1, max(found, default=1) + 1) if rank not in found]
    if missing:
        raise FormatError(f"there is no column “{prefix}{missing[0]}”", 1)
    return [found[rank] for rank in sorted(found)]


class _Rows:
    """The rows of a table under a header, all of one length."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        # decoded as it is read: a StringIO would hold four bytes a character
        lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
        self._reader = csv.reader(lines, strict=True)
        header = next(self._each(), None)
        if header is None:
            raise FormatError("the file is empty")
        self.header = [name.strip() for name in header]
        for index, name in enumerate(self.header):
            if not name:
                raise FormatError("the column has no name", 1, index + 1)
            if len(name) > MAX_NAME:
                raise FormatError("the column's name is too long", 1, index + 1)
        self._refuse_doubled()
        weights = [index for index, name in enumerate(self.header) if fold(name) in WEIGHTS]
        if len(weights) > 1:
            raise FormatError("two columns could say how many such ballots there are", 1, weights[1] + 1)
        self._weight = weights[0] if weights else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Which column was taken for the weight, unless it is called so."""
        if self._weight is None or self.header[self._weight] == WEIGHT:
            return ()
        return (f"The column “{shown(self.header[self._weight])}” says how many such ballots there are.",)

    def is_weight(self, index: int) -> bool:
        """Return whether a column says how many such ballots there are."""
        return index == self._weight

    def _refuse_doubled(self) -> None:
        seen: set[str] = set()
        for index, name in enumerate(self.header):
            if name in seen:
                raise FormatError(f"two columns are called “{shown(name)}”", 1, index + 1)
            seen.add(name)

    def _each(self) -> Iterator[list[str]]:
        try:
            for row in self._reader:
                if row:
                    yield row
        except UnicodeDecodeError:
            decode(self._data)
            raise
        except csv.Error as error:
            raise FormatError(f"the row is no CSV: {error}", self._reader.line_num) from None

    def count(self, columns: Sequence[int], cells: _Cells[Cell]) -> dict[tuple[Cell, ...], int]:
        """Count rows by the meaning of their cells in `columns`."""
        width, weight = len(self.header), self._weight
        pick = itemgetter(*columns)
        single = len(columns) == 1
        meaning = cells.__getitem__
        counts: dict[tuple[Cell, ...], int] = {}
        total = 0
        for row in self._each():
            if len(row) != width:
                raise FormatError(f"the row has {len(row)} cells, the header {width}", self._reader.line_num)
            try:
                ballot = tuple(map(meaning, (pick(row),) if single else pick(row)))
            except _RefusedError as error:
                raise self._located(row, columns, cells, error) from None
            number = 1
            if weight is not None:
                number = whole(row[weight], self._reader.line_num, weight + 1, "weight", heading=self.header[weight])
            total += number
            counts[ballot] = counts.get(ballot, 0) + number
        if total > MAX_VOTES:
            raise FormatError(f"the weights add up to more than {MAX_VOTES}")
        return counts

    def _located(
        self, row: Sequence[str], columns: Sequence[int], cells: _Cells[Cell], error: _RefusedError
    ) -> FormatError:
        for index in columns:
            try:
                cells[row[index]]
            except _RefusedError as refused:
                heading = self.header[index]
                aside = _NO_OPTION.search(heading) and "no score" in str(refused)
                hint = "; a column that is no option has to be ignored" if aside else ""
                return FormatError(f"{refused}{hint}", self._reader.line_num, index + 1, heading)
        return FormatError(str(error), self._reader.line_num)


class _RefusedError(ValueError):
    """A cell means nothing."""


class _Cells(dict[str, Cell], ABC):
    """What cells mean, worked out once for each different text."""

    def __missing__(self, cell: str) -> Cell:
        meaning = self[cell] = self.read(cell.strip())
        return meaning

    @abstractmethod
    def read(self, cell: str) -> Cell:
        """Return what a cell means; raise `_RefusedError` where it means nothing."""


class _Ranks(_Cells[Rank]):
    """Cells that name options; `ids` numbers them as they occur."""

    def __init__(self, options: Sequence[str] | None) -> None:
        super().__init__()
        self.closed = options is not None
        self.ids = {name: number for number, name in enumerate(options or (), 1)}

    def read(self, cell: str) -> Rank:
        """Return the options of a rank."""
        word = _word(cell)
        if word in SKIPPED:
            return ()
        if word == OVERVOTED:
            return OVERVOTE
        names = {name for part in _split(cell) if (name := part.strip())}
        return tuple(sorted(self._number(name) for name in names))

    def _number(self, name: str) -> int:
        known = self.ids.get(name)
        if known is not None:
            return known
        if self.closed:
            raise _RefusedError(f"“{shown(name)}” is no option")
        if len(name) > MAX_NAME:
            raise _RefusedError("a name is too long")
        if len(self.ids) >= MAX_OPTIONS:
            raise _RefusedError(f"there are more than {MAX_OPTIONS} options")
        self.ids[name] = len(self.ids) + 1
        return self.ids[name]


class _Scores(_Cells[int]):
    """Cells that are scores."""

    def __init__(self, top: int) -> None:
        super().__init__()
        self._top = top

    def read(self, cell: str) -> int:
        """Return a score."""
        if not cell:
            return 0
        if not (cell.isascii() and cell.isdigit()):
            raise _RefusedError(f"“{shown(cell)}” is no score")
        if len(cell) > 20 or int(cell) > self._top:
            raise _RefusedError(f"“{shown(cell)}” is more than the highest score, {self._top}")
        return int(cell)


def _word(cell: str) -> str:
    """Return a cell without case and spacing, by which the words that mean something are known."""
    return _SEPARATORS.sub("", cell).lower()


_TOKEN = re.compile(r"\\[\\|]|\||[^\\|]+|\\")


def _split(cell: str) -> list[str]:
    """Split a cell at `|` and take the backslashes away."""
    parts: list[list[str]] = [[]]
    for word in _TOKEN.findall(cell):
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    return [_unescaped_name(words) for words in parts]


def _unescaped_name(words: list[str]) -> str:
    raw = "".join(words).strip()
    name = "".join(word[1:] if len(word) == 2 and word[0] == "\\" else word for word in words)
    if raw[:1] == "\\" and (_word(raw[1:]) in _WORDS or raw[1:].startswith(_FORMULA)):
        return name.strip()[1:]
    return name


def escaped(name: str) -> str:
    """Return a name as a cell of ranks holds it."""
    if _word(name) in _WORDS:
        return f"\\{name}"
    text = name.replace("\\", "\\\\").replace("|", "\\|")
    return f"\\{text}" if name.startswith(_FORMULA) else text


def _is_escaped(heading: str) -> bool:
    bare = heading.lstrip("\\")
    return fold(bare) in WEIGHTS or bare.startswith(_FORMULA)


def _unescaped(heading: str) -> str:
    """Return the option that a column of scores is for."""
    return heading[1:] if heading[:1] == "\\" and _is_escaped(heading) else heading


def score_headings(names: Mapping[int, str]) -> list[str]:
    """Return what the columns of a table of scores are called."""
    return [f"\\{name}" if _is_escaped(name) else name for name in labels(names).values()]


def to_ranks_csv(names: Mapping[int, str], rankings: Mapping[Ranking, int], *, prefix: str = "rank") -> str:
    """Write ranked ballots as a table, one row for each distinct ballot, with its weight.

    Rows are sorted by their content, so nothing shows the order in which ballots came.
    """
    label = {option: escaped(name) for option, name in labels(names).items()}
    ranks = max((len(ranking) for ranking in rankings), default=1) or 1
    rows = [
        [_cell(rank, label) for rank in ranking] + [""] * (ranks - len(ranking)) + [str(count)]
        for ranking, count in rankings.items()
    ]
    return _written([f"{prefix}{rank}" for rank in range(1, ranks + 1)] + [WEIGHT], rows)


def _cell(rank: Rank, label: Mapping[int, str]) -> str:
    return OVERVOTED if rank == OVERVOTE else "|".join(sorted(label[option] for option in rank))


def to_scores_csv(names: Mapping[int, str], scores: Mapping[tuple[int, ...], int]) -> str:
    """Write scored ballots as a table, one row for each distinct ballot, with its weight."""
    rows = [[*map(str, ballot), str(count)] for ballot, count in scores.items()]
    return _written([*score_headings(names), WEIGHT], rows)


def _written(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(sorted(rows))
    return out.getvalue()
