"""The rows of a table in CSV, and what their cells mean."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, TypeVar

from services.votebooth.tally.formats.delimiters import lines_as_read, refuse_other_delimiters, separated
from services.votebooth.tally.formats.headings import (
    WEIGHT,
    WEIGHTS,
    may_be_aside,
    may_be_number,
    may_be_rank,
    may_be_weight,
)
from services.votebooth.tally.formats.hints import ignoring
from services.votebooth.tally.formats.names import MAX_NAME, fold
from services.votebooth.tally.formats.source import FormatError, decode, shown, whole
from services.votebooth.tally.formats.totals import Weights, refuse_label
from services.votebooth.tally.formats.words import as_text
from services.votebooth.tally.model import MAX_VOTES

Cell = TypeVar("Cell")


class RefusedError(ValueError):
    """A cell means nothing."""


class Cells(dict[str, Cell], ABC):
    """What cells mean, worked out once for each different text.

    Attributes:
        of_options: Whether a column is an option, so that one of which no cell means anything is probably none.
    """

    of_options = False

    def __missing__(self, cell: str) -> Cell:
        meaning = self[cell] = self.read(cell.strip())
        return meaning

    @abstractmethod
    def read(self, cell: str) -> Cell:
        """Return what a cell means; raise `RefusedError` where it means nothing."""

    def refusal(self, cell: str) -> str:
        """Return why a cell means nothing; "" where it means something."""
        try:
            self[cell]
        except RefusedError as error:
            return str(error)
        return ""


class Rows:
    """The rows of a table under a header, all of one length.

    Attributes:
        header: The headings.
        line: The header's line.
        candidates: Where columns stand that have a name, aren't ignored, and aren't the weight.
        ignored: How many columns are ignored.
        last: Once counted: the last ballot, how many there are of it by its row, and its line.
    """

    def __init__(self, data: bytes, *, delimiter: str | None = None, ignore: Collection[str] = ()) -> None:
        self._data = data
        self._as_text = b'="' in data
        separator, said = separated(data, delimiter)
        self._reader = csv.reader(lines_as_read(data), delimiter=separator, skipinitialspace=True, strict=True)
        if said:
            next(self._reader)
        self.header = [name.strip() for name in next(filter(None, self._each()), ())]
        self.line = self._reader.line_num
        if delimiter is None and not said:
            refuse_other_delimiters(data, self.header, self.line)
        if not any(self.header):
            raise FormatError("no column has a name", self.line)
        folded = [fold(name) for name in self.header]
        ignored = {fold(name): name for name in ignore}
        missing = ignored.keys() - set(folded)
        if missing:
            name = next(name for key, name in ignored.items() if key in missing)
            raise FormatError(f"there is no column “{shown(name)}” to ignore", self.line)
        named = [index for index, name in enumerate(folded) if name and name not in ignored]
        self._unnamed = [index for index, name in enumerate(folded) if not name]
        self._refuse_headings(named)
        weights = [index for index in named if folded[index] in WEIGHTS]
        if len(weights) > 1:
            hint = ignoring([self.header[weights[1]]])
            raise self.refused(
                f"two columns could say how many such ballots there are; leave one out: {hint}", weights[1]
            )
        self._weight = weights[0] if weights else None
        self.candidates = [index for index in named if index != self._weight]
        self._refuse_other_weights()
        self.ignored = len(self.header) - len(self._unnamed) - len(named)
        self.last: tuple[tuple[Any, ...], int, int] = ((), 0, 0)
        self._left_out: list[int] = []
        self._empty = 0

    def refused(self, reason: str, index: int | None = None) -> FormatError:
        """Return the error that refuses a column, or the header."""
        return FormatError(reason, self.line, 0 if index is None else index + 1)

    def notes(self) -> tuple[str, ...]:
        """Return what was taken for the weight, unless it is called so, and what was left out, in sentences."""
        notes = []
        if self._weight is not None and self.header[self._weight] != WEIGHT:
            notes.append(f"The column “{shown(self.header[self._weight])}” says how many such ballots there are.")
        if self._left_out:
            notes.append(f"Left out: {', '.join(f'“{shown(self.header[index])}”' for index in self._left_out)}.")
        if self._empty:
            notes.append(f"Left out: {self._empty} empty {'row' if self._empty == 1 else 'rows'}.")
        return tuple(notes)

    def _refuse_headings(self, named: Sequence[int]) -> None:
        seen: set[str] = set()
        for index in named:
            name = self.header[index]
            if len(name) > MAX_NAME:
                raise self.refused("the column's name is too long", index)
            if name in seen:
                hint = f"; leave them out: {ignoring([name])}" if may_be_aside(name) else ""
                raise self.refused(f"two columns are called “{shown(name)}”{hint}", index)
            seen.add(name)

    def _refuse_other_weights(self) -> None:
        for index in self.candidates:
            name = self.header[index]
            if name[0] != "\\" and may_be_weight(name):
                reason = f"“{shown(name)}” could say how many such ballots there are: call it {WEIGHT}"
                raise self.refused(
                    f"{reason}; or leave it out: {ignoring([name])}; or is it an option: \\{shown(name)}", index
                )

    def _each(self) -> Iterator[list[str]]:
        try:
            for row in self._reader:
                yield list(map(as_text, row)) if self._as_text else row
        except UnicodeDecodeError:
            decode(self._data)
            raise
        except csv.Error as error:
            raise FormatError(f"the row is no CSV: {error}", self._reader.line_num) from None

    def _ballots(self) -> Iterator[list[str]]:
        """Return the rows that aren't empty, each as long as the header."""
        width = len(self.header)
        for given in self._each():
            row = given if len(given) == width else self._fitted(given)
            if row[0].strip() or "".join(row).strip():
                if self._unnamed:
                    self._refuse_unnamed(row)
                yield row
            elif given or width == 1:
                self._empty += 1

    def _fitted(self, row: list[str]) -> list[str]:
        """Return a row without the empty cells that stand beyond the header."""
        width = len(self.header)
        if not row:
            return [""] * width
        if len(row) < width or "".join(row[width:]).strip():
            hint = "; a cell with a comma or a line break stands in quotation marks" if len(row) > width else ""
            if width == 1:
                hint = "; the first line has the headings, and nothing else"
            raise FormatError(f"the row has {len(row)} cells, the header {width}{hint}", self._reader.line_num)
        return row[:width]

    def count(
        self, columns: Sequence[int], cells: Cells[Cell], *, doubtful: Collection[int] = ()
    ) -> dict[tuple[Cell, ...], int]:
        """Count rows by the meaning of their cells in `columns`.

        Args:
            columns: Where the cells stand.
            cells: What they mean.
            doubtful: Columns to leave out, unless each of their cells means something: then they could be options.

        Raises:
            FormatError: A row is malformed, or a cell means nothing.
        """
        counts: dict[tuple[Cell, ...], int] = {}
        weight = self._weight
        pick = itemgetter(*columns)
        single = len(columns) == 1
        meaning = cells.__getitem__
        reader = self._reader
        weights = Weights()
        number = line = rows = 0
        row: list[str] = []
        numbered = [(index, first) for index in columns for first in (0, 1) if cells.of_options and weight is None]
        ballot: tuple[Cell, ...] = ()
        possible = dict.fromkeys(doubtful, False)
        labelled = 0 not in columns and weight != 0
        for row in self._ballots():
            if possible:
                possible = {
                    index: filled or bool(row[index].strip())
                    for index, filled in possible.items()
                    if not cells.refusal(row[index])
                }
            if labelled:
                refuse_label(row[0], reader.line_num)
            try:
                ballot = tuple(map(meaning, (pick(row),) if single else pick(row)))
            except RefusedError:
                raise self._located(row, columns, cells, first=not counts) from None
            number, line = 1, reader.line_num
            if weight is not None:
                number = whole(row[weight], line, weight + 1, "weight", heading=self.header[weight])
                weights.add(number, line, is_empty=not any(ballot))
            counts[ballot] = counts.get(ballot, 0) + number
            if numbered:
                numbered = [(index, first) for index, first in numbered if row[index].strip() == str(first + rows)]
            rows += 1
        if rows and weight is not None and not cells.of_options:
            weights.refuse_last(number, line, [row[index] for index in columns], ballot, counts)
        for index, _ in numbered:
            self._refuse_numbers(index, rows)
        if sum(counts.values()) > MAX_VOTES:
            raise FormatError(f"the weights add up to more than {MAX_VOTES}")
        for index, filled in possible.items():
            if filled:
                raise self._doubted(index)
        self.last = ballot, number, line
        used = {*columns, weight, *self._unnamed}
        self._left_out = [index for index in range(len(self.header)) if index not in used]
        return counts

    def _refuse_numbers(self, index: int, rows: int) -> None:
        """Refuse a column whose cells count up from 0 or 1, if that is no chance."""
        if rows > (1 if may_be_number(self.header[index]) else 4):
            hint = f"leave it out: {ignoring([self.header[index]])}; if not, put the rows in another order"
            raise self.refused(f"the column numbers the rows; {hint}", index)

    def _doubted(self, index: int) -> FormatError:
        name = shown(self.header[index])
        reason = f"“{name}” is probably no option, and could be one: all its cells are like those of options"
        return self.refused(f"{reason}; leave it out with {ignoring([self.header[index]])}, or write \\{name}", index)

    def _refuse_unnamed(self, row: Sequence[str]) -> None:
        for index in self._unnamed:
            if row[index].strip():
                where = f"line {self._reader.line_num} has “{shown(row[index].strip())}” in it"
                raise self.refused(
                    f"the column has no name, and {where}; name it, and keep one line of headings", index
                )

    def _located(self, row: Sequence[str], columns: Sequence[int], cells: Cells[Cell], *, first: bool) -> FormatError:
        """Return the error that refuses a cell: in the first row with how to leave out columns without an option."""
        line = self._reader.line_num
        wrong = {index: reason for index in columns if (reason := cells.refusal(row[index]))}
        index, reason = next(iter(wrong.items()))
        if first and cells.of_options:
            none = self._probably_none(wrong, columns, cells)
            if index in none:
                hint = ignoring(self.header[each] for each in none)
                reason = f"{reason}; no cell of the column is one, so if it is no option: {hint}"
            else:
                shape = "a row is a ballot, and a column an option, or called rank1, rank2 … if its cells are names"
                reason = f"{reason}; {shape}"
        return FormatError(reason, line, index + 1, self.header[index])

    def _probably_none(self, wrong: Iterable[int], columns: Sequence[int], cells: Cells[Cell]) -> list[int]:
        """Return the columns that are probably no options, of those with a cell that means nothing.

        Their names are those of such columns; or no cell of the rows that are left means anything either, and two
        columns or more would stay, so that it isn't the table that is of another kind.
        """
        found, rows = [index for index in wrong if not may_be_rank(self.header[index])], 0
        with suppress(FormatError):
            for row in self._each():
                if len(row) == len(self.header):
                    rows += 1
                    found = [index for index in found if not row[index].strip() or cells.refusal(row[index])]
        if rows and len(columns) - len(found) > 1:
            return found
        return [index for index in found if may_be_aside(self.header[index])]


def written(header: list[str], rows: list[list[str]]) -> str:
    """Return a table, its rows sorted by their content."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(sorted(rows))
    return out.getvalue()
