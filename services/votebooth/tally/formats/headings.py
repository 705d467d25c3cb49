r"""What the headings of a table say: how many such ballots there are, or that a column is probably no option.

A backslash in front takes that meaning away: `\Time` is the heading of an option of that name. It also stands in front
of names that begin with `=`, `+`, `-` or `@`, so that no spreadsheet runs them as formulas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.votebooth.tally.formats.names import fold
from services.votebooth.tally.formats.words import FORMULA
from services.votebooth.tally.render import labels

WEIGHT = "weight"
WEIGHTS = frozenset({WEIGHT, "count", "votes"})
"""Headings, folded, of a column that says how many such ballots there are."""

_NUMBERS = frozenset(
    re.findall(
        r"\w+",
        """
        anzahl ballots count counts effectif freq frequency gewicht gewichtung häufigkeit multiplicity poids qty
        quantity stimmen total totals voix votes weight weighting weights
        """,
    )
)
"""What a column of numbers of ballots may be called, with or without the words below beside it."""
_OF = frozenset(
    re.findall(r"\w+", "ballot bulletins de der how many no nombre nr num number of stimmzettel the von vote voter")
)
_ROWS = frozenset({"#", "ballot", "index", "lfd. nr", "line", "nr", "number", "nummer", "row", "zeile"}) | frozenset(
    {"participant", "respondent", "response", "stimmzettel", "voter"}
)
_PART = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-zà-ÿ])|\w")
_ASIDE = frozenset(
    re.findall(
        r"\w+",
        """
        address adresse age average bezirk canton channel circonscription comment comments commune constituency
        county date datestamp datum district duration email
        fertigstellungszeit finished gesamt horodateur id ids ip ipaddr kommentar language lastpage latitude
        longitude mail mean name page phone plz postcode precinct progress refurl seed session startdate
        startlanguage startzeit status stimmbezirk stimmkreis submitdate subtotal sum summe time timestamp token total
        totals uhrzeit url uuid wahlbezirk wahlkreis wahllokal ward zeitstempel zip
        """,
    )
)
"""What a column that is no option is called, with or without the words below beside it."""
_BESIDE = frozenset(
    re.findall(
        r"\w+",
        """
        a action at ballot by code collector completed completion created custom data distribution e end ended
        external first full grand in last location minutes modified of participant poll recipient recorded
        reference referrer respondent response row s seconds start started submission submit submitted survey
        the to type updated user vote voter voters votes voting your
        """,
    )
)


def is_aside(heading: str) -> bool:
    """Return whether a heading is what tables call a column that is no option, such as `Timestamp` or `Voter ID`."""
    return may_be_aside(heading) and not _ASIDE.isdisjoint(_parts(heading))


def may_be_weight(heading: str) -> bool:
    """Return whether a heading could say how many such ballots there are, as `Number of ballots` and `Anzahl` do."""
    found = _parts(heading)
    return found <= _NUMBERS | _OF and not found.isdisjoint(_NUMBERS)


def may_be_number(heading: str) -> bool:
    """Return whether a heading could be that of the numbers of rows, as `#`, `Nr.` and `Ballot` are."""
    return fold(heading).rstrip(".:") in _ROWS or fold(heading) in {"no.", "unnamed: 0"}


def may_be_rank(heading: str) -> bool:
    """Return whether a heading holds the number of a rank, as `G1Q1[1]. Rang 1` does."""
    return re.search(r"(?:\[|rank|rang|choice|wahl|preference)[ _-]?[0-9]", heading, re.IGNORECASE) is not None


def may_be_aside(heading: str) -> bool:
    """Return whether a heading has such words only, or those that stand beside them, as `Voter` does."""
    return _parts(heading) <= _ASIDE | _BESIDE


def _parts(heading: str) -> set[str]:
    return {part.casefold() for part in _PART.findall(heading) if part != "_" and not part.isdigit()}


def _is_escaped(heading: str) -> bool:
    bare = heading.lstrip("\\")
    return fold(bare) in WEIGHTS or may_be_weight(bare) or bare.startswith(FORMULA) or is_aside(bare)


def unescaped(heading: str) -> str:
    """Return the option that a column is for."""
    return heading[1:] if heading[:1] == "\\" and _is_escaped(heading) else heading


def score_headings(names: Mapping[int, str]) -> list[str]:
    """Return what the columns of a table of scores are called."""
    return [f"\\{name}" if _is_escaped(name) else name for name in labels(names).values()]
