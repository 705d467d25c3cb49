"""Tables of scores: a column an option, a cell a whole number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import MAX_OPTIONS
from services.votebooth.tally.formats.rows import Cells, RefusedError, Rows, written
from services.votebooth.tally.formats.source import FormatError, shown
from services.votebooth.tally.formats.words import WEIGHT, score_headings, unescaped

MAX_SCORE = 1_000_000


def read_scores(data: bytes, *, ignore: Sequence[str] = (), top: int | None = None) -> Election:
    """Read a table of scores.

    Args:
        data: The file.
        ignore: Columns that are no options.
        top: The highest score allowed. None: `MAX_SCORE`.

    Raises:
        FormatError: The table is malformed, or a score is out of range.
    """
    rows = Rows(data)
    headings, ignored = set(rows.header), set(ignore)
    missing = [name for name in ignore if name not in headings]
    if missing:
        raise FormatError(f"there is no column “{shown(missing[0])}” to ignore", 1)
    columns = [index for index, name in enumerate(rows.header) if name not in ignored and not rows.is_weight(index)]
    if not columns:
        raise FormatError("no column is an option", 1)
    if len(columns) > MAX_OPTIONS:
        raise FormatError(f"there are {len(columns)} options; {MAX_OPTIONS} are allowed", 1, columns[MAX_OPTIONS] + 1)
    names = {number: unescaped(rows.header[index]) for number, index in enumerate(columns, 1)}
    counts = rows.count(columns, _Scores(MAX_SCORE if top is None else top))
    return Election(format="scores", names=names, scores=counts, notes=rows.notes)


class _Scores(Cells[int]):
    """Cells that are scores."""

    def __init__(self, top: int) -> None:
        super().__init__()
        self._top = top

    def read(self, cell: str) -> int:
        """Return a score."""
        if not cell:
            return 0
        if not (cell.isascii() and cell.isdigit()):
            raise RefusedError(f"“{shown(cell)}” is no score")
        if len(cell) > 20 or int(cell) > self._top:
            raise RefusedError(f"“{shown(cell)}” is more than the highest score, {self._top}")
        return int(cell)


def to_scores_csv(names: Mapping[int, str], scores: Mapping[tuple[int, ...], int]) -> str:
    """Write scored ballots as a table, one row for each distinct ballot, with its weight."""
    rows = [[*map(str, ballot), str(count)] for ballot, count in scores.items()]
    return written([*score_headings(names), WEIGHT], rows)
