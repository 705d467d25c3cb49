r"""The tables that VoteWave exports, read as they were written: their header says all that there is to know.

    # VoteWave: ranks
    # method: irv
    # options: ["Ada", "Bo", "=Cy"]
    rank1,rank2,cast,weight
    Ada,Bo|\=Cy,marks,3
    ,,abstain,1

No word means anything and no column is guessed at, so a label such as `skipped`, `weight` or `rank1` is a label. The
column `cast` is for people: to the count, the marks beside it say the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from services.votebooth.tally.formats.delimiters import DELIMITERS
from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.headings import WEIGHT, score_headings
from services.votebooth.tally.formats.source import FormatError, decode, shown, whole
from services.votebooth.tally.formats.words import escaped
from services.votebooth.tally.model import MAX_VOTES, Rank, Ranking

CAST = "cast"
"""The column that says how its ballots were cast."""

_NAME = re.compile(r"(?:\\.|[^\\|])+", re.DOTALL)
"""A name in a cell of several: a backslash takes its meaning from what follows."""


def rank_headings(ranks: int) -> list[str]:
    """Return the headings of a table of ranks."""
    return [*(f"rank{number}" for number in range(1, ranks + 1)), CAST, WEIGHT]


def mark_headings(names: Mapping[int, str]) -> list[str]:
    """Return the headings of a table of scores."""
    return [*score_headings(names), CAST, WEIGHT]


def rank_cells(names: Mapping[int, str], ranking: Sequence[Sequence[int]], ranks: int) -> list[str]:
    """Return a ballot's ranks as cells, filled up with empty ones."""
    cells = ["|".join(escaped(names[option]) for option in rank) for rank in ranking]
    return cells + [""] * (ranks - len(cells))


def read_exported(data: bytes, form: str, names: Sequence[str], header_lines: int) -> Election:
    """Read a table that VoteWave exported.

    Args:
        data: The file.
        form: `ranks` or `scores`.
        names: The options, as the header says.
        header_lines: How many lines the header takes.

    Raises:
        FormatError: The table isn't as it was written.
    """
    numbered = dict(enumerate(names, 1))
    for delimiter in DELIMITERS.values():  # spreadsheets write others
        rows = _rows(data, header_lines, delimiter)
        _, headings = next(rows, (0, []))
        expected = rank_headings(len(headings) - 2) if form == "ranks" else mark_headings(numbered)
        if headings == expected:
            break
    else:
        raise FormatError(
            "these aren't the columns of an export; without the lines above any table is read", header_lines + 1
        )
    if form == "ranks":
        return Election(format=form, names=numbered, rankings=_rankings(rows, len(expected), numbered))
    return Election(format=form, names=numbered, scores=_scores(rows, len(expected)))


def _rows(data: bytes, header_lines: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header, each with its line."""
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    for _ in islice(lines, header_lines):
        pass
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num + header_lines, row
    except UnicodeDecodeError:
        decode(data)
        raise
    except csv.Error as error:
        raise FormatError(f"the row is no CSV: {error}", reader.line_num + header_lines) from None


def _counted(rows: Iterator[tuple[int, list[str]]], width: int) -> Iterator[tuple[int, list[str], int]]:
    """Yield line, marks and number of ballots of each row."""
    total = 0
    for line, row in rows:
        if len(row) != width:
            raise FormatError(f"the row has {len(row)} cells, the header {width}", line)
        count = whole(row[-1], line, width, WEIGHT)
        total += count
        if total > MAX_VOTES:
            raise FormatError(f"the weights add up to more than {MAX_VOTES}", line, width)
        yield line, row[:-2], count


def _rankings(rows: Iterator[tuple[int, list[str]]], width: int, names: Mapping[int, str]) -> dict[Ranking, int]:
    known = {escaped(name): option for option, name in names.items()}
    ranks: dict[str, Rank] = {"": ()}
    rankings: dict[Ranking, int] = {}
    for line, cells, count in _counted(rows, width):
        for column, cell in enumerate(cells, 1):
            if cell not in ranks:
                parts = _NAME.findall(cell)
                unknown = [part for part in parts if part not in known]
                if unknown or "|".join(parts) != cell:
                    raise FormatError(f"“{shown(unknown[0] if unknown else cell)}” is no option", line, column)
                ranks[cell] = tuple(sorted(known[part] for part in parts))
        size = len(cells)
        while size and not cells[size - 1]:
            size -= 1
        ranking = tuple(ranks[cell] for cell in cells[:size])
        rankings[ranking] = rankings.get(ranking, 0) + count
    return rankings


def _scores(rows: Iterator[tuple[int, list[str]]], width: int) -> dict[tuple[int, ...], int]:
    scores: dict[tuple[int, ...], int] = {}
    for line, cells, count in _counted(rows, width):
        given = tuple(whole(cell, line, column, "score") if cell else 0 for column, cell in enumerate(cells, 1))
        scores[given] = scores.get(given, 0) + count
    return scores
