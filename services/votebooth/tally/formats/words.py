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

import re
from collections.abc import Mapping

from services.votebooth.tally.formats.names import fold
from services.votebooth.tally.render import labels

WEIGHT = "weight"
WEIGHTS = frozenset({WEIGHT, "count", "votes"})
"""Headings, folded, of a column that says how many such ballots there are."""
SKIPPED = frozenset({"", "skipped", "undervote"})
OVERVOTED = "overvote"
WORDS = frozenset({"skipped", "undervote", OVERVOTED})
_SEPARATORS = re.compile(r"[\s_-]+")
_TOKEN = re.compile(r"\\[\\|]|\||[^\\|]+|\\")
_FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes what begins so for a formula, and runs it."""


def word(cell: str) -> str:
    """Return a cell without case and spacing, by which the words that mean something are known."""
    return _SEPARATORS.sub("", cell).lower()


def split(cell: str) -> list[str]:
    """Split a cell at `|` and take the backslashes away."""
    parts: list[list[str]] = [[]]
    for piece in _TOKEN.findall(cell):
        if piece == "|":
            parts.append([])
        else:
            parts[-1].append(piece)
    return [_unescaped_name(pieces) for pieces in parts]


def _unescaped_name(pieces: list[str]) -> str:
    raw = "".join(pieces).strip()
    name = "".join(piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece for piece in pieces)
    if raw[:1] == "\\" and (word(raw[1:]) in WORDS or raw[1:].startswith(_FORMULA)):
        return name.strip()[1:]
    return name


def escaped(name: str) -> str:
    """Return a name as a cell of ranks holds it."""
    if word(name) in WORDS:
        return f"\\{name}"
    text = name.replace("\\", "\\\\").replace("|", "\\|")
    return f"\\{text}" if name.startswith(_FORMULA) else text


def _is_escaped(heading: str) -> bool:
    bare = heading.lstrip("\\")
    return fold(bare) in WEIGHTS or bare.startswith(_FORMULA)


def unescaped(heading: str) -> str:
    """Return the option that a column of scores is for."""
    return heading[1:] if heading[:1] == "\\" and _is_escaped(heading) else heading


def score_headings(names: Mapping[int, str]) -> list[str]:
    """Return what the columns of a table of scores are called."""
    return [f"\\{name}" if _is_escaped(name) else name for name in labels(names).values()]
