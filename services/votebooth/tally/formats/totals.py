"""Rows that add up others, and are no ballots: known by their label, or by their weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.votebooth.tally.formats.source import FormatError
from services.votebooth.tally.formats.words import TOTALS

NO_BALLOT = "a row of totals is no ballot; take it out"

_INITIALS = frozenset(" ").union(*((word[0], word[0].upper()) for word in TOTALS))
"""What the words of a row of totals can begin with: few other cells do, and there are many rows."""


def refuse_label(cell: str, line: int) -> None:
    """Refuse a row that says in its first cell that it adds up others.

    Raises:
        FormatError: It does.
    """
    if cell[:1] in _INITIALS and cell.replace(" ", "").rstrip(":").lower() in TOTALS:
        raise FormatError(NO_BALLOT, line, 1)


class Weights:
    """The weights of rows, so far.

    Attributes:
        total: All of them.
    """

    def __init__(self) -> None:
        self.total = 0
        self._marked = 0
        self._marked_rows = 0
        self._part = 0
        self._part_rows = 0

    def add(self, number: int, line: int, *, is_empty: bool) -> None:
        """Add a row's weight.

        Raises:
            FormatError: The row marks nothing, and its weight is the sum of those above it, of which two or more have
                marks: of all, of those with marks, or of those since the last one without.
        """
        if is_empty and number:
            of_all = self._marked_rows > 1 and number in {self.total, self._marked}
            if of_all or (self._part_rows > 1 and number == self._part):
                raise FormatError(f"its weight is the sum of those above it: {NO_BALLOT}; if not, put it first", line)
            self._part = self._part_rows = 0
        else:
            self._marked += number
            self._marked_rows += 1
            self._part += number
            self._part_rows += 1
        self.total += number

    def refuse_last(
        self,
        number: int,
        line: int,
        cells: Sequence[str],
        ballot: Sequence[object],
        ballots: Iterable[Sequence[object]],
    ) -> None:
        """Refuse a last row that marks numbers which no row above it does, if its weight is the sum of theirs.

        Args:
            number: Its weight.
            line: Its line.
            cells: Its marks, as they are written.
            ballot: What these mean.
            ballots: What those of all rows mean.

        Raises:
            FormatError: It is such a row.
        """
        marks = [cell.strip() for cell in cells if cell.strip()]
        if self._marked_rows < 3 or 2 * number != self.total or not all(mark.isdigit() for mark in marks):
            return
        others = set().union(*(other for other in ballots if other != ballot))
        if marks and others.isdisjoint(mark for mark in ballot if mark):
            raise FormatError(f"its weight is the sum of those above it: {NO_BALLOT}; if not, put it first", line)
