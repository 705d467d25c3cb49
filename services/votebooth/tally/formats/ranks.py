"""Tables of ranks: a column a rank, a cell an option's name.

Columns are called `rank1`, `rank2` and so on. An empty cell, `skipped` or `undervote` skips the rank; `overvote`, or
names joined by `|`, is an overvote; `writein` is one option, whatever was written in. Other columns are left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from services.votebooth.tally.formats.columns import bracketed
from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.headings import WEIGHT
from services.votebooth.tally.formats.hints import rank_of, typed
from services.votebooth.tally.formats.names import MAX_NAME, MAX_OPTIONS, alike, fold
from services.votebooth.tally.formats.rows import Cells, RefusedError, Rows, written
from services.votebooth.tally.formats.source import shown
from services.votebooth.tally.formats.totals import NO_BALLOT
from services.votebooth.tally.formats.words import OVERVOTED, WORDS, Meaning, Words, doubted, escaped, parts, word
from services.votebooth.tally.model import OVERVOTE, Rank, Ranking
from services.votebooth.tally.render import labels

MAX_RANKS = 1_000
WRITEIN = "Write-in"
"""The option of names that voters wrote in."""


def read_ranks(
    rows: Rows, *, prefix: str = "rank", options: Sequence[str] | None = None, words: Words = WORDS
) -> Election:
    """Read a table of ranks.

    Args:
        rows: The table.
        prefix: What the columns of ranks are called, before their number; in any case and spacing.
        options: The options there are. None: those that occur, numbered as they do.
        words: The words that mean something in a cell.

    Raises:
        FormatError: The table is malformed, or names an option that isn't among `options`.
    """
    columns = _rank_columns(rows, prefix)
    cells = _Ranks(options, words)
    rankings: dict[Ranking, int] = {}
    for ballot, count in rows.count(columns, cells).items():
        size = len(ballot)
        while size and not ballot[size - 1]:
            size -= 1
        ranking = ballot[:size]
        rankings[ranking] = rankings.get(ranking, 0) + count
    written_in = (f"“{cells.writein}” is one option, whatever was written in.",) if cells.writein else ()
    return Election(
        format="ranks",
        names={number: name for name, number in cells.ids.items()},
        rankings=rankings,
        notes=(*rows.notes(), *written_in),
    )


def has_ranks(rows: Rows, prefix: str) -> bool:
    """Return whether a table has a column of first ranks."""
    return any(_rank(rows.header[index], prefix) == 1 for index in rows.candidates)


def refuse_called_like_ranks(rows: Rows) -> None:
    """Refuse a table whose columns are called `1st choice`, `2nd choice` and so on, or `Vote [1]`, `Vote [2]`.

    Raises:
        FormatError: It has such columns, two or more.
    """
    stems: dict[str, set[int]] = {}
    for index in rows.candidates:
        stem, name = bracketed(rows.header[index])
        rank = rank_of(name)
        if rank is not None:
            stems.setdefault(stem, set()).add(rank)
    for stem, ranks in stems.items():
        if len(ranks) > 1 and max(ranks) == len(ranks):
            prefix = f"{typed(stem)} [" if stem else ""
            hint = f"--prefix {shlex.quote(prefix)}; or if each is an option: --format scores"
            raise rows.refused(f"columns are called like ranks; if their cells are names: {hint}")


def _rank(heading: str, prefix: str) -> int | None:
    """Return the rank that a heading says behind a prefix; None where it says none, -1 where it is a wrong one."""
    known, start = word(heading), word(prefix)
    rest = known.removeprefix(start).rstrip("]")
    if not known.startswith(start):
        return None
    if not (rest.isascii() and rest.isdigit()):
        return rank_of(rest)
    rank = int(rest[:9])
    return rank if str(rank) == rest and 1 <= rank <= MAX_RANKS else -1


def _rank_columns(rows: Rows, prefix: str) -> list[int]:
    """Return where rank 1, 2 … stand."""
    found: dict[int, int] = {}
    for index in rows.candidates:
        rank = _rank(rows.header[index], prefix)
        name = shown(rows.header[index])
        if rank is None:
            continue
        if not 1 <= rank <= MAX_RANKS:
            raise rows.refused(f"“{name}” is no rank from 1 to {MAX_RANKS}", index)
        if rank in found:
            raise rows.refused(f"“{shown(rows.header[found[rank]])}” and “{name}” are the same rank", index)
        found[rank] = index
    missing = [rank for rank in range(1, max(found, default=1) + 1) if rank not in found]
    if missing:
        hint = "" if found else "; name what stands before the number with --prefix"
        raise rows.refused(f"there is no column “{prefix}{missing[0]}”{hint}")
    return [found[rank] for rank in sorted(found)]


class _Ranks(Cells[Rank]):
    """Cells that name options.

    Attributes:
        ids: Options, numbered as they occur.
        writein: What the option of names written in is called; empty where there is none.
    """

    def __init__(self, options: Sequence[str] | None, words: Words) -> None:
        super().__init__()
        self._closed = options is not None
        self._words = words
        self.ids = {name: number for number, name in enumerate(options or (), 1)}
        self._spelt = {fold(name): name for name in self.ids}
        self.writein = ""
        self._places: dict[tuple[str, str], int] = {}

    def read(self, cell: str) -> Rank:
        """Return the options of a rank."""
        numbers: set[int] = set()
        for meaning, name in parts(cell, self._words):
            if meaning is Meaning.OVERVOTE:
                return OVERVOTE
            if meaning is not Meaning.SKIPPED:
                numbers.add(self.ids[self._name(meaning, name)])
        return tuple(sorted(numbers))

    def _name(self, meaning: Meaning, text: str) -> str:
        """Return an option as it is spelt: on the list, or where it was first named."""
        if len(text) > MAX_NAME:
            raise RefusedError("a name is too long")
        spelt = self._spelt.get(fold(text))
        if self._closed and spelt is not None:
            return spelt
        if meaning is Meaning.TOTAL:
            raise RefusedError(
                f"{NO_BALLOT}; or if “{shown(text)}” is an option: --words {shlex.quote(f'{text}=name')}"
            )
        if meaning is Meaning.WRITEIN:
            return self._written_in(text)
        if meaning is Meaning.DOUBT:
            raise RefusedError(doubted(text))
        if self._closed:
            raise RefusedError(f"“{shown(text)}” is no option")
        if spelt is not None and spelt != text:
            raise RefusedError(alike(text, spelt))
        return self._new(text)

    def _written_in(self, text: str) -> str:
        if self._closed:
            listed = [name for name in self.ids if self._words.get(word(name)) is Meaning.WRITEIN]
            if not listed:
                hint = f"; to pass over what was written in: --words {shlex.quote(f'{text}=skipped')}"
                raise RefusedError(f"“{shown(text)}” is no option{hint}")
            return listed[0]
        self.writein = WRITEIN
        return self._new(WRITEIN)

    def _new(self, name: str) -> str:
        if name not in self.ids:
            self._refuse_list(name)
            if len(self.ids) >= MAX_OPTIONS:
                raise RefusedError(f"there are more than {MAX_OPTIONS} options")
            self._spelt[fold(name)] = name
            self.ids[name] = len(self.ids) + 1
        return name

    def _refuse_list(self, name: str) -> None:
        """Refuse a list of options in a cell: another cell has one of its parts in another place."""
        for sign in ">;,":
            for place, part in enumerate(name.split(sign) if sign in name else ()):
                key = fold(part)
                if key and self._places.setdefault((sign, key), place) != place:
                    reason = f"“{shown(name)}” seems to be a list; split it into columns rank1, rank2 …"
                    raise RefusedError(f"{reason}; or if it is one name: --options FILE, with all names")


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
