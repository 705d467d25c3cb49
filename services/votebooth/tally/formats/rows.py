"""The rows of a table in CSV, and what their cells mean."""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TypeVar

from services.votebooth.tally.formats.names import MAX_NAME, fold
from services.votebooth.tally.formats.source import FormatError, decode, shown, whole
from services.votebooth.tally.formats.words import WEIGHT, WEIGHTS
from services.votebooth.tally.model import MAX_VOTES

_NO_OPTION = re.compile(
    r"(?i:\b(voter|ballot|poll|respondent|precinct|name|e-?mail|comment|timestamp|date|time|id)\b)|[a-z_]ID$|_id$"
)

Cell = TypeVar("Cell")


class Rows:
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

    def count(self, columns: Sequence[int], cells: Cells[Cell]) -> dict[tuple[Cell, ...], int]:
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
            except RefusedError as error:
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
        self, row: Sequence[str], columns: Sequence[int], cells: Cells[Cell], error: RefusedError
    ) -> FormatError:
        for index in columns:
            try:
                cells[row[index]]
            except RefusedError as refused:
                heading = self.header[index]
                aside = _NO_OPTION.search(heading) and "no score" in str(refused)
                hint = "; a column that is no option has to be ignored" if aside else ""
                return FormatError(f"{refused}{hint}", self._reader.line_num, index + 1, heading)
        return FormatError(str(error), self._reader.line_num)


class RefusedError(ValueError):
    """A cell means nothing."""


class Cells(dict[str, Cell], ABC):
    """What cells mean, worked out once for each different text."""

    def __missing__(self, cell: str) -> Cell:
        meaning = self[cell] = self.read(cell.strip())
        return meaning

    @abstractmethod
    def read(self, cell: str) -> Cell:
        """Return what a cell means; raise `RefusedError` where it means nothing."""


def written(header: list[str], rows: list[list[str]]) -> str:
    """Return a table, its rows sorted by their content."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(sorted(rows))
    return out.getvalue()
