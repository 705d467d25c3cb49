"""Grids, as tools for surveys export them: a column an option, a cell the rank that the voter gave it.

A rank is `1`, `1st`, `Rank 1`, `First choice` or the like; 1 is the best. An empty cell gives none. Where headings are
a question with the option in brackets (`Rank them [Ada]`), that is the option, and other columns are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.votebooth.tally.formats.columns import options_of
from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.hints import rank_of
from services.votebooth.tally.formats.rows import Cells, RefusedError, Rows
from services.votebooth.tally.formats.source import shown
from services.votebooth.tally.formats.totals import NO_BALLOT
from services.votebooth.tally.formats.words import WORDS, Meaning, Words, skipping, word
from services.votebooth.tally.model import Rank, Ranking


def read_grid(rows: Rows, *, options: Sequence[str] | None = None, words: Words = WORDS) -> Election:
    """Read a grid.

    Args:
        rows: The table.
        options: The options there are. None: those of the headings.
        words: The words that mean something in a cell.

    Raises:
        FormatError: The table is malformed, its options aren't `options`, or a cell is no rank among them.
    """
    names, doubtful = options_of(rows, options, grid=True)
    cells = _Places(len(names) + len(doubtful) + rows.ignored, words)
    rankings: dict[Ranking, int] = {}
    for places, count in rows.count(list(names), cells, doubtful=doubtful).items():
        ranking = _ranking(places)
        rankings[ranking] = rankings.get(ranking, 0) + count
    return Election(
        format="grid",
        names=dict(enumerate(names.values(), 1)),
        rankings=rankings,
        notes=(*rows.notes(), "The cells are ranks; 1 is the best."),
    )


def _ranking(places: Sequence[int]) -> Ranking:
    ranks: list[Rank] = [()] * max(places)
    for option, place in enumerate(places, 1):
        if place:
            ranks[place - 1] = (*ranks[place - 1], option)
    return tuple(ranks)


class _Places(Cells[int]):
    """Cells that are ranks; 0 is none."""

    of_options = True

    def __init__(self, most: int, words: Words) -> None:
        super().__init__()
        self._most = most
        self._words = words

    def read(self, cell: str) -> int:
        """Return a rank."""
        rank = rank_of(cell)
        meaning = Meaning.NAME if rank is not None else self._words.get(word(cell))
        if meaning is Meaning.SKIPPED:
            return 0
        if rank is None:
            hint = f"; {NO_BALLOT}" if meaning is Meaning.TOTAL else ""
            if meaning is Meaning.DOUBT:
                hint = f"; if it says that nothing is marked: {skipping(cell)}"
            raise RefusedError(f"“{shown(cell)}” is no rank{hint}")
        if not 1 <= rank <= self._most:
            reason = f"“{shown(cell)}” is no rank among {self._most} options"
            raise RefusedError(f"{reason}; if a higher number is better: --format scores")
        return rank
