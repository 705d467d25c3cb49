"""Tables of scores: a column an option, a cell a whole number; an empty one is 0, and so is `skipped`.

Columns that are called as columns aside of the ballots are (`Timestamp`, `Precinct`) are left out by themselves,
unless each of their cells is a score; other columns that are no options have to be named, so that a misspelt one is
noticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.votebooth.tally.formats.columns import options_of
from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.headings import WEIGHT, score_headings
from services.votebooth.tally.formats.hints import rank_of
from services.votebooth.tally.formats.rows import Cells, RefusedError, Rows, written
from services.votebooth.tally.formats.source import FormatError, shown
from services.votebooth.tally.formats.totals import NO_BALLOT
from services.votebooth.tally.formats.words import WORDS, Meaning, Words, skipping, word
from services.votebooth.tally.model import MAX_SCORE

_MARKS = frozenset({"x", "✓", "✔", "yes", "y", "true", "checked", "ja", "oui", "si", "wahr", "vrai"})
_MARKS |= {"no", "n", "false", "nein", "non", "falsch", "faux"}
"""What says of an option that it is marked, or isn't."""


def read_scores(
    rows: Rows, *, top: int | None = None, options: Sequence[str] | None = None, words: Words = WORDS
) -> Election:
    """Read a table of scores.

    Args:
        rows: The table.
        top: The highest score allowed. None: `MAX_SCORE`.
        options: The options there are. None: those of the headings.
        words: The words that mean something in a cell.

    Raises:
        FormatError: The table is malformed, its options aren't `options`, or a score is out of range.
    """
    names, doubtful = options_of(rows, options)
    counts = rows.count(list(names), _Scores(MAX_SCORE if top is None else top, words), doubtful=doubtful)
    _refuse_totals(counts, rows)
    return Election(format="scores", names=dict(enumerate(names.values(), 1)), scores=counts, notes=rows.notes())


class _Scores(Cells[int]):
    """Cells that are scores."""

    of_options = True

    def __init__(self, top: int, words: Words) -> None:
        super().__init__()
        self._top = top
        self._words = words

    def read(self, cell: str) -> int:
        """Return a score."""
        if cell.isascii() and cell.isdigit():
            if len(cell) > 20 or int(cell) > self._top:
                raise RefusedError(f"“{shown(cell)}” is more than the highest score, {self._top}")
            return int(cell)
        meaning = self._words.get(word(cell))
        if meaning is Meaning.SKIPPED:
            return 0
        hint = f"; {NO_BALLOT}" if meaning is Meaning.TOTAL else ""
        if meaning is Meaning.DOUBT:
            hint = f"; if it says that nothing is marked: {skipping(cell)}"
        if meaning is None and rank_of(cell) is not None:
            hint = "; if the cells are ranks: --format grid"
        elif meaning is None and ";" in cell.strip(";"):
            hint = "; split a list of options into columns rank1, rank2 …"
        if word(cell) in _MARKS:
            hint = "; write a mark as 1, and leave the other cells empty"
        if cell.endswith(".0") and cell[:-2].isdigit():
            hint = f"; write {shown(cell[:-2])}"
        raise RefusedError(f"“{shown(cell)}” is no score{hint}")


def _refuse_totals(counts: Mapping[tuple[int, ...], int], rows: Rows) -> None:
    """Refuse a last row that adds up the others: each ballot as often as it was cast, or each row once.

    Where each counts once, it is higher than any of them, or its weight is the sum of theirs as well.

    Raises:
        FormatError: There is such a row.
    """
    last, number, line = rows.last
    others = sum(counts.values()) - number
    if number not in {1, others} or len(counts) < 3 or counts[last] > number:
        return
    above = [(ballot, count) for ballot, count in counts.items() if ballot != last]
    cast = all(sum(b[place] * count for b, count in above) == own for place, own in enumerate(last))
    once = all(sum(b[place] for b, _ in above) == own for place, own in enumerate(last))
    highest = max(last) > max(max(ballot) for ballot, _ in above)
    if (cast and highest) or (once and number == others > 1 and any(last)):
        reason = f"each cell is the sum of those above it, and {NO_BALLOT}; if it is a ballot, put it above another"
        raise FormatError(reason, line)


def to_scores_csv(names: Mapping[int, str], scores: Mapping[tuple[int, ...], int]) -> str:
    """Write scored ballots as a table, one row for each distinct ballot, with its weight."""
    rows = [[*map(str, ballot), str(count)] for ballot, count in scores.items()]
    return written([*score_headings(names), WEIGHT], rows)
