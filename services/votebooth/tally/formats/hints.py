"""What the refusal of a table suggests: the options of `votewave tally`, ready to be typed."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Iterable, Mapping
from itertools import islice

_MOST = 20
"""Headings that a hint names; with more, the next refusal names the next."""

_LONGEST = 40
"""Characters of a rank; of a longer text, patterns with blanks would take the square."""

_RANK_WORDS = (
    "rank(?:ing)?|choice|preference|pref|place|position|priority|no|nr|number"
    "|rang|platz|wahl|präferenz|priorität|choix|préférence"
)
_ORDINALS = (
    "first|erste[rs]?|premi(?:er|ère)", "second|zweite[rs]?|deuxième|seconde", "third|dritte[rs]?|troisième",
    "fourth|vierte[rs]?|quatrième", "fifth|fünfte[rs]?|cinquième", "sixth|sechste[rs]?|sixième",
    "seventh|siebte[rs]?|septième", "eighth|achte[rs]?|huitième", "ninth|neunte[rs]?|neuvième",
    "tenth|zehnte[rs]?|dixième",
)  # fmt: skip
_RANK = re.compile(
    rf"(?:(?:{_RANK_WORDS})[.:]?\s*|#\s*)?([0-9]{{1,4}})\s*(?:st|nd|rd|th|nde?|er|[eè]?re|[eè](?:me)?|[.)ºª°])?(?:\s*(?:{_RANK_WORDS}))?",
    re.IGNORECASE,
)
_SPELT = re.compile(rf"(?:{'|'.join(f'({word})' for word in _ORDINALS)})(?:\s*(?:{_RANK_WORDS}))?", re.IGNORECASE)


def rank_of(text: str) -> int | None:
    """Return the rank that `1st`, `2`, `Rank 3` or `Fourth choice` says; None where it says none."""
    if len(text) > _LONGEST:
        return None
    match = _RANK.fullmatch(text)
    if match is not None:
        return int(match[1])
    match = _SPELT.fullmatch(text)
    return None if match is None else match.lastindex


def like_ranks(scores: Iterable[tuple[int, ...]]) -> bool:
    """Return whether scores could be ranks: none above the number of options, on most ballots twice the same nowhere.

    Who ranks may make a tie by mistake, so some ballots prove nothing.
    """
    differing = alike = 0
    for ballot in scores:
        marks = [score for score in ballot if score]
        if max(marks, default=0) > len(ballot):
            return False
        if len(marks) > 1:
            differs = len(set(marks)) == len(marks)
            differing += differs
            alike += not differs
    return differing > alike


def mostly_ranked(scores: Mapping[tuple[int, ...], int]) -> bool:
    """Return whether more than half of the ballots have each number from 1 to that of their marks, as ranks would.

    There are three options or more, and no score is above their number.
    """
    ranked = 0
    for ballot, count in scores.items():
        if max(ballot) > len(ballot) or len(ballot) < 3:
            return False
        marks = sorted(score for score in ballot if score)
        ranked += count * (len(marks) > 1 and marks == list(range(1, len(marks) + 1)))
    return 2 * ranked > sum(scores.values())


def ignoring(headings: Iterable[str]) -> str:
    """Return the option that leaves columns out."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(typed(heading) for heading in islice(headings, _MOST))
    return f"--ignore {shlex.quote(line.getvalue())}"


def typed(heading: str) -> str:
    """Return a heading as it can be typed: on one line, and no terminal codes."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in heading).split())
