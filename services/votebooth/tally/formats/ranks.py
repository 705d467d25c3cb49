"""Tables of ranks: a column a rank, a cell an option's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import MAX_NAME, MAX_OPTIONS
from services.votebooth.tally.formats.rows import Cells, RefusedError, Rows, written
from services.votebooth.tally.formats.source import FormatError, shown
from services.votebooth.tally.formats.words import OVERVOTED, SKIPPED, WEIGHT, escaped, split, word
from services.votebooth.tally.model import OVERVOTE, Rank, Ranking
from services.votebooth.tally.render import labels

MAX_RANKS = 1_000


def read_ranks(data: bytes, *, prefix: str = "rank", options: Sequence[str] | None = None) -> Election:
    """Read a table of ranks.

    Args:
        data: The file.
        prefix: What the columns of ranks are called, before their number.
        options: The options there are. None: those that occur, numbered as they do.

    Raises:
        FormatError: The table is malformed, or names an option that isn't among `options`.
    """
    rows = Rows(data)
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


class _Ranks(Cells[Rank]):
    """Cells that name options; `ids` numbers them as they occur."""

    def __init__(self, options: Sequence[str] | None) -> None:
        super().__init__()
        self.closed = options is not None
        self.ids = {name: number for number, name in enumerate(options or (), 1)}

    def read(self, cell: str) -> Rank:
        """Return the options of a rank."""
        known = word(cell)
        if known in SKIPPED:
            return ()
        if known == OVERVOTED:
            return OVERVOTE
        names = {name for part in split(cell) if (name := part.strip())}
        return tuple(sorted(self._number(name) for name in names))

    def _number(self, name: str) -> int:
        known = self.ids.get(name)
        if known is not None:
            return known
        if self.closed:
            raise RefusedError(f"“{shown(name)}” is no option")
        if len(name) > MAX_NAME:
            raise RefusedError("a name is too long")
        if len(self.ids) >= MAX_OPTIONS:
            raise RefusedError(f"there are more than {MAX_OPTIONS} options")
        self.ids[name] = len(self.ids) + 1
        return self.ids[name]


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
    return written([f"{prefix}{rank}" for rank in range(1, ranks + 1)] + [WEIGHT], rows)


def _cell(rank: Rank, label: Mapping[int, str]) -> str:
    return OVERVOTED if rank == OVERVOTE else "|".join(sorted(label[option] for option in rank))
