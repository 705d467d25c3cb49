r"""BLT, the format of Hill, Wichmann and Woodall (Algorithm 123, The Computer Journal 30, 1987).

    4 2             options and seats
    -2              options that withdrew, if any
    3 1 3 4 0       three ballots: option 1, then 3, then 4
    1 2=4 - 1 0     equal ranks, and a skipped one (extensions of OpenSTV)
    0               the end of the ballots
    "Ada"           the names, in the order of their numbers
    …
    "The title"

A line is a ballot, and ends with its 0: read as a stream of numbers, a 0 too many or too few would make
other ballots of those that follow. A name of one word may stand without quotation marks; whatever else could
move names to other numbers is refused. A quotation mark in a name is written `\"`. Comments (`#` to the end
of the line) and ballot identifiers in parentheses are passed over; so is what follows the title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.names import MAX_OPTIONS, checked_names, held_against
from services.votebooth.tally.formats.source import FormatError, lines_of, shown, whole
from services.votebooth.tally.model import MAX_SEATS, MAX_VOTES, OVERVOTE, Rank, Ranking
from services.votebooth.tally.render import labels

_WORD = re.compile(r"\S+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r'\\(["\\])')
_OTHER_QUOTES = tuple("'`\u00b4\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\uff02\uff07")


def read_blt(text: str, *, options: Sequence[str] | None = None) -> Election:
    """Read a BLT file.

    Args:
        text: The file.
        options: The names there are. None: those of the file.

    Raises:
        FormatError: The file is malformed, a ballot names an option it doesn't have, or its names aren't `options`.
    """
    return _Reader(text).election(options)


class _Reader:
    """Reads a file from top to bottom, line by line."""

    def __init__(self, text: str) -> None:
        self._lines = iter(lines_of(text))
        self._line = 0
        self._text = ""
        self._size = 0
        self._ranks: dict[str, Rank] = {}

    def election(self, options: Sequence[str] | None) -> Election:
        """Return what the file holds."""
        seats = self._head()
        withdrawn, rankings = self._ballots()
        names, lines = self._names()
        standing = checked_names(names, lines)
        if options is not None:
            standing = held_against(standing, lines, options)
        title, rest = self._title(alone=len(set(lines)) == len(lines))
        gone = tuple(standing.pop(number) for number in sorted(withdrawn))
        return Election(
            format="blt",
            names=standing,
            rankings=_without(rankings, withdrawn) if withdrawn else rankings,
            seats=seats,
            title=title,
            withdrawn=gone,
            notes=(f"Left out: {rest} {'line' if rest == 1 else 'lines'} after the title.",) if rest else (),
        )

    def _next(self) -> bool:
        """Go to the next line that isn't blank or a comment; return whether there is one."""
        for text in self._lines:
            self._text = text
            self._line += 1
            bare = text.strip()
            if bare and bare[0] != "#":
                return True
        return False

    def _error(self, reason: str, column: int = 0) -> FormatError:
        return FormatError(reason, self._line, column)

    def _ended(self, what: str) -> FormatError:
        return FormatError(f"the file ends before {what}", self._line, len(self._text) + 1)

    def _words(self) -> list[tuple[str, int]]:
        """Return the words of a line of numbers, each with its column."""
        return [(match[0], match.start() + 1) for match in _WORD.finditer(self._text.partition("#")[0])]

    def _whole(self, word: str, column: int, what: str, most: int) -> int:
        return whole(word, self._line, column, what, most=most)

    def _head(self) -> int:
        """Read the first line; return the seats."""
        words = self._words() if self._next() else []
        if len(words) < 2:
            for word, column in words:
                self._whole(word, column, "number of options", MAX_OPTIONS)
            raise self._error("the line ends before number of seats", len(self._text.rstrip()) + 1)
        self._size = self._whole(*words[0], "number of options", MAX_OPTIONS)
        seats = self._whole(*words[1], "number of seats", MAX_SEATS)
        if not self._size or not seats:
            raise self._error("there is nothing to elect", words[1][1])
        if len(words) > 2:
            raise self._error("the first line is options and seats; a ballot begins on a line of its own", words[2][1])
        return seats

    def _ballots(self) -> tuple[set[int], dict[Ranking, int]]:
        """Return the options that withdrew and the ballots."""
        withdrawn: set[int] = set()
        rankings: dict[Ranking, int] = {}
        total = 0
        while self._next():
            words = self._words()
            if words[0][0][0] == "-" and not rankings:
                withdrawn.update(self._withdrawn(word, column) for word, column in words)
                continue
            if words[0][0][0] == "(" and words[0][0][-1] == ")":
                del words[0]
            if not words:
                raise self._error("the line ends before the weight of a ballot", len(self._text.rstrip()) + 1)
            weight = self._whole(*words[0], "weight", MAX_VOTES)
            if not weight:
                if len(words) > 1:
                    raise self._error("the 0 that ends the ballots stands alone; a ballot has a weight", words[1][1])
                return withdrawn, rankings
            total += weight
            if total > MAX_VOTES:
                raise self._error(f"the weights add up to more than {MAX_VOTES}", words[0][1])
            ranking = self._ranking(words)
            rankings[ranking] = rankings.get(ranking, 0) + weight
        raise self._ended("the 0 that ends the ballots")

    def _withdrawn(self, word: str, column: int) -> int:
        if word[0] != "-":
            raise self._error("options that withdrew stand on lines of their own, each behind a -", column)
        return self._option(word[1:], column)

    def _ranking(self, words: list[tuple[str, int]]) -> Ranking:
        """Return the ranks behind a weight and before the 0."""
        if words[-1][0] != "0" or len(words) < 2:
            raise self._error("the line ends before the 0 that ends a ballot", len(self._text.rstrip()) + 1)
        return tuple(self._rank(word, column) for word, column in words[1:-1])

    def _rank(self, word: str, column: int) -> Rank:
        rank = self._ranks.get(word)
        if rank is None:
            if word == "0":
                raise self._error("a 0 stands inside of a ballot; write - for a skipped rank", column)
            rank = () if word == "-" else tuple(sorted(self._option(part, column) for part in word.split("=")))
            if len(set(rank)) < len(rank):
                raise self._error(f"an option stands twice in the rank {shown(word)}", column)
            self._ranks[word] = rank
        return rank

    def _option(self, word: str, column: int) -> int:
        number = self._whole(word, column, "option", MAX_VOTES)
        if not 1 <= number <= self._size:
            raise self._error(f"there is no option {shown(word)}; there are {self._size}", column)
        return number

    def _names(self) -> tuple[list[str], list[int]]:
        """Return the names and the line each stands on."""
        names: list[str] = []
        lines: list[int] = []
        while len(names) < self._size:
            if not self._next():
                raise self._ended(f"the name of option {len(names) + 1}")
            found = self._quoted() if self._text.lstrip()[0] == '"' else [self._word()]
            if len(names) + len(found) > self._size:
                raise self._error(f"a name stands behind that of option {self._size}, the last")
            names += found
            lines += [self._line] * len(found)
        return names, lines

    def _quoted(self) -> list[str]:
        """Return the quoted strings of a line that begins with one."""
        names: list[str] = []
        text = self._text.rstrip()
        at = len(text) - len(text.lstrip())
        while at < len(text) and text[at] != "#":
            match = _QUOTED.match(text, at)
            if match is None and text[at] == '"':
                raise self._error("a quotation mark is never closed", at + 1)
            if match is None or text[match.end() : match.end() + 1].strip():
                raise self._error('a quotation mark inside of a name is written \\"', match.end() if match else at + 1)
            names.append(_ESCAPE.sub(r"\1", match[1]).strip())
            at = match.end()
            while text[at : at + 1].isspace():
                at += 1
        return names

    def _word(self) -> str:
        """Return a name without quotation marks."""
        text = self._text.partition("#")[0] if " #" in self._text or "\t#" in self._text else self._text
        name = text.strip()
        column = self._text.index(name) + 1
        if '"' in name or len(name.split()) > 1 or name.startswith(_OTHER_QUOTES):
            raise self._error(f'write the name in straight quotation marks, as in "{shown(_plain(name))}"', column)
        return name

    def _title(self, *, alone: bool) -> tuple[str, int]:
        """Return the title, if there is one, and how many lines follow it; `alone`: each name had its own line."""
        if not self._next():
            return "", 0
        bare = self._text.strip()
        match = _QUOTED.match(bare)
        if match is None and bare[0] == '"':
            raise self._error("a quotation mark is never closed", self._text.index('"') + 1)
        if not alone and match is not None and bare[match.end() :].lstrip()[:1] == '"':
            raise self._error("a line has several names, and more follow where the title stands; write one name a line")
        title = bare if match is None else _ESCAPE.sub(r"\1", match[1]).strip()
        rest = 0
        while self._next():
            rest += 1
        return title, rest


def _plain(name: str) -> str:
    return name.strip('"' + "".join(_OTHER_QUOTES))


def _without(rankings: Mapping[Ranking, int], withdrawn: set[int]) -> dict[Ranking, int]:
    """Take options off the ballots, and the ranks they leave empty with them."""
    out: dict[Ranking, int] = {}
    for ranking, count in rankings.items():
        ranks = [(rank, tuple(option for option in rank if option not in withdrawn)) for rank in ranking]
        left = tuple(after for before, after in ranks if after or not before)
        out[left] = out.get(left, 0) + count
    return out


def to_blt(names: Mapping[int, str], rankings: Mapping[Ranking, int], *, seats: int = 1, title: str = "") -> str:
    """Write ranked ballots as BLT.

    Options are numbered in the order of `names`. Equal ranks are written with `=`. Skipped ranks and
    overvotes of which the options aren't known have no place in BLT and are left out; where the rules
    make much of them, write what `strict` returns, or a table of ranks.
    """
    number = {option: str(place) for place, option in enumerate(names, 1)}
    lines: dict[str, int] = {}
    for ranking, count in rankings.items():
        ranks = ("=".join(number[option] for option in rank) for rank in ranking if rank and rank != OVERVOTE)
        line = " ".join((*ranks, "0"))
        lines[line] = lines.get(line, 0) + count
    ballots = [f"{count} {line}" for line, count in sorted(lines.items()) if count]
    texts = [*labels(names).values(), title]
    quoted = ['"{}"'.format(" ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())) for text in texts]
    return "\n".join([f"{len(names)} {seats}", *ballots, "0", *quoted]) + "\n"
