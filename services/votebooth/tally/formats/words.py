r"""The words of tables: what cells mean besides names, scores and ranks.

Words are known whatever their case, blanks, hyphens and Unicode form: `Under Vote` is `undervote`. A backslash takes
its meaning from `|`, from a backslash, and, in front, from a word: `\skipped` is an option of that name. It also
stands in front of names that begin with `=`, `+`, `-` or `@`, so that no spreadsheet runs them as formulas.
"""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Mapping
from enum import StrEnum

from services.votebooth.tally.formats.names import fold
from services.votebooth.tally.formats.source import FormatError, shown


class Meaning(StrEnum):
    """What a word in a cell can mean."""

    SKIPPED = "skipped"
    """Nothing is said here."""
    OVERVOTE = "overvote"
    """Several options were marked, which of them isn't known."""
    WRITEIN = "writein"
    """A name that the voter wrote; all of them are one option."""
    TOTAL = "total"
    """The row adds others up, and is no ballot."""
    NAME = "name"
    """The word itself, as the name of an option."""
    DOUBT = "doubt"
    """It could be the name of an option, and could say that there is none."""


Words = Mapping[str, Meaning]

TOTALS = frozenset(
    {"total", "totals", "grandtotal", "subtotal", "sum", "average", "mean"}
    | {"summe", "gesamt", "gesamtsumme", "insgesamt", "durchschnitt", "mittelwert"}
)
OVERVOTED = "overvote"
_DOUBT = frozenset(
    {"abstain", "abstained", "abstention", "blank", "exhausted", "invalid", "spoiled", "spoilt", "void", "novote"}
    | {"noanswer", "nopreference", "noresponse", "none", "null", "nan", "nil", "na", "n/a", "#n/a", "n.a.", "?"}
    | {"enthaltung", "leer", "keine", "ungültig", "aucun", "nul", "0", "pass", "skip", "unranked", "notranked"}
    | {"#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#nv", "#bezug!", "#wert!"}
)
_IN_BRACKETS = frozenset(f"{left}{word}{right}" for word in _DOUBT for left, right in ("()", "[]", "<>"))
WORDS: Words = {
    "": Meaning.SKIPPED,
    **dict.fromkeys(("skipped", "undervote", "undervotes", "undervoted"), Meaning.SKIPPED),
    **dict.fromkeys((OVERVOTED, "overvotes", "overvoted"), Meaning.OVERVOTE),
    **dict.fromkeys(("writein", "writeins", "uwi", "undeclaredwritein", "undeclaredwriteins"), Meaning.WRITEIN),
    **dict.fromkeys(TOTALS, Meaning.TOTAL),
    **dict.fromkeys(_DOUBT | _IN_BRACKETS, Meaning.DOUBT),
}
"""The words that are known without being named."""

_GIVEN = tuple(meaning for meaning in Meaning if meaning is not Meaning.DOUBT)
_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_TOKEN = re.compile(r"\\[\\|]|\||[^\\|]+|\\")
FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes what begins so for a formula, and runs it."""


def word(cell: str) -> str:
    """Return a cell without case, blanks, hyphens and underscores, by which words are known."""
    return _SEPARATORS.sub("", fold(cell))


def as_text(cell: str) -> str:
    """Return a cell's text where a spreadsheet was made to take it for text, as in `="Ada"`."""
    bare = cell.strip()
    if len(bare) > 2 and bare.startswith('="') and bare.endswith('"'):
        return bare[2:-1].replace('""', '"')
    return cell


def named(text: str) -> list[str]:
    """Return the names of a list such as `A,"B, C"`: separated by commas, quoted where they hold one.

    Raises:
        FormatError: A quotation mark is never closed, or stands inside of a name.
    """
    try:
        names = [name.strip() for row in csv.reader([text], strict=True, skipinitialspace=True) for name in row]
    except csv.Error as error:
        raise FormatError(f"“{shown(text)}” is no list of names: {error}") from None
    return [name for name in names if name]


def doubted(cell: str) -> str:
    """Return what leads to the count where a cell holds a word of which the meaning isn't certain."""
    name = shlex.quote(f"{cell}={Meaning.NAME}")
    return f"“{shown(cell)}” could say that nothing is marked: {skipping(cell)}; or be an option: --words {name}"


def skipping(cell: str) -> str:
    """Return the option by which a word marks nothing."""
    return f"--words {shlex.quote(f'{cell}={Meaning.SKIPPED}')}"


def words_of(text: str) -> Words:
    """Return the words that are known where a list such as `n/a=skipped,total=name` says more of them.

    Raises:
        FormatError: It is no such list.
    """
    more: dict[str, Meaning] = {}
    for each in named(text):
        cell, _, meaning = each.rpartition("=")
        if not cell.strip() or meaning.strip() not in _GIVEN:
            raise FormatError(f"“{shown(each)}” isn't WORD=MEANING; the meanings are {', '.join(_GIVEN)}")
        more[word(cell)] = Meaning(meaning.strip())
    return {**WORDS, **more}


def parts(cell: str, words: Words = WORDS) -> list[tuple[Meaning, str]]:
    """Split a cell at `|`; return what each different part means, and its text without the backslashes."""
    pieces: list[list[str]] = [[]]
    for piece in _TOKEN.findall(cell):
        if piece == "|":
            pieces.append([])
        else:
            pieces[-1].append(piece)
    return [_part(raw, words) for raw in dict.fromkeys(map("".join, pieces))]


def _part(raw: str, words: Words) -> tuple[Meaning, str]:
    pieces = _TOKEN.findall(raw)
    name = "".join(piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece for piece in pieces).strip()
    bare = raw.strip()
    if bare[:1] == "\\" and bare[1:] and (word(bare[1:]) in words or bare[1:].startswith(FORMULA)):
        return Meaning.NAME, name[1:]
    return words.get(word(bare), Meaning.NAME), name


def escaped(name: str) -> str:
    """Return a name as a cell of ranks holds it."""
    if word(name) in WORDS:
        return f"\\{name}"
    text = name.replace("\\", "\\\\").replace("|", "\\|")
    return f"\\{text}" if name.startswith(FORMULA) else text
