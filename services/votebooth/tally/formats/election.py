"""What a file of ballots holds, and how it is refused when it is malformed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.votebooth.tally.ballots import (
    first_preferences,
    marks_from_scores,
    pairwise_from_rankings,
    rankings_from_scores,
    sums_from_scores,
)
from services.votebooth.tally.dispatch import count
from services.votebooth.tally.model import (
    DEFAULT,
    MAX_VOTES,
    Counts,
    Method,
    Options,
    Ranking,
    Result,
    TallyError,
)

MAX_OPTIONS = 10_000
MAX_NAME = 1_000
"""Characters of a name; a longer one is a quote that was never closed."""


class FormatError(TallyError):
    """A file is malformed.

    Attributes:
        line: Line of the file, from 1; 0 where the whole file is meant.
        column: In a table the column, elsewhere the character in the line, from 1; 0 if the whole line.
        heading: The heading of that column of a table, if that helps.
        reason: What is wrong.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0, heading: str = "") -> None:
        self.reason, self.line, self.column, self.heading = reason, line, column, heading
        place = f"line {line}" if line else ""
        if column:
            place += f", column {column}"
        if heading:
            place += f" ({shown(heading)})"
        super().__init__(f"{place}: {reason}" if place else reason)


def shown(text: str) -> str:
    """Return a piece of a file fit for a message: short, on one line, and no terminal codes."""
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= 40 else f"{text[:39]}…"


def whole(text: str, line: int, column: int, what: str, *, most: int = MAX_VOTES, heading: str = "") -> int:
    """Return a whole number from 0 to `most`, written in digits.

    Raises:
        FormatError: It is anything else: a sign, a fraction, NaN, infinity, other scripts' digits.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise FormatError(f"“{shown(text)}” is no {what}: a whole number is wanted", line, column, heading)
    if len(digits) > 20 or int(digits) > most:
        raise FormatError(f"“{shown(text)}” is no {what}: it is more than {most}", line, column, heading)
    return int(digits)


def refuse_binary(data: bytes) -> None:
    """Refuse what is plainly no text.

    Raises:
        FormatError: The file is UTF-16, or holds a zero.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("the file is UTF-16; save it as UTF-8", 1, 1)
    zero = data.find(b"\0")
    if zero >= 0:
        raise FormatError("the file holds a zero character", data.count(b"\n", 0, zero) + 1)


def decode(data: bytes) -> str:
    """Return a file's text, which is UTF-8 with or without a byte order mark.

    Raises:
        FormatError: The bytes aren't UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        before = data[data.rfind(b"\n", 0, start) + 1 : start]
        column = len(before.decode("utf-8-sig", "replace")) + 1
        reason = f"byte {data[start]:#04x} is not UTF-8"
        raise FormatError(reason, data.count(b"\n", 0, start) + 1, column) from None


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and character, both from 1, of an offset in a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def checked_names(names: Sequence[str], lines: Sequence[int]) -> dict[int, str]:
    """Number options from 1.

    Args:
        names: Their names.
        lines: The line each stands on, for the message.

    Raises:
        FormatError: A name is empty, too long or there twice, or there are more than `MAX_OPTIONS`.
    """
    seen: set[str] = set()
    for name, line in zip(names, lines, strict=True):
        if not name or len(name) > MAX_NAME:
            raise FormatError("an option's name is empty" if not name else "a name is too long", line)
        if name in seen:
            raise FormatError(f"two options are called “{shown(name)}”", line)
        seen.add(name)
    if len(names) > MAX_OPTIONS:
        raise FormatError(f"there are {len(names)} options; {MAX_OPTIONS} are allowed", lines[MAX_OPTIONS])
    return dict(enumerate(names, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Election:
    """Ballots of a file, counted by kind: ranked or scored.

    Attributes:
        format: The format it was read from.
        names: The options that stand, by id.
        rankings: Ballots by ranking, if ranked.
        scores: Ballots by scores, one for each of `names` in that order, if scored.
        seats: Options to elect, if the file says.
        title: Of the election, if the file says.
        withdrawn: Names of options that withdrew and were taken off the ballots.
    """

    format: str
    names: Mapping[int, str]
    rankings: Mapping[Ranking, int] | None = None
    scores: Mapping[tuple[int, ...], int] | None = None
    seats: int | None = None
    title: str = ""
    withdrawn: tuple[str, ...] = ()

    @property
    def ballots(self) -> int:
        """How many ballots the file holds."""
        return sum((self.rankings or self.scores or {}).values())

    def counts(self, method: Method | str, options: Options = DEFAULT, *, top: int | None = None) -> Counts:
        """Return what a method counts from.

        Scores serve every method: a score above 0 is a mark in plurality and approval, and a higher
        score a better rank in the others. Ranks serve plurality (the first preference), IRV, STV and
        the pairwise methods.

        Args:
            method: The method.
            options: The rules for overvotes, skipped ranks and duplicates.
            top: The highest score allowed, for STAR's last tie-break. None: the highest given.

        Raises:
            TallyError: The ballots don't say what the method asks, or pass its limits.
        """
        method = Method(method)
        if self.scores is not None:
            return self._from_scores(self.scores, method, options, top)
        rankings = self.rankings or {}
        if method is Method.PLURALITY:
            return first_preferences(rankings, self.names, options)
        if method in {Method.IRV, Method.STV}:
            return Counts(names=self.names, ballots=self.ballots, rankings=rankings)
        if method in {Method.SCHULZE, Method.RANKED_ROBIN}:
            return pairwise_from_rankings(rankings, self.names, options)
        raise TallyError(f"{method} counts scores, and these ballots are ranked")

    def _from_scores(
        self, scores: Mapping[tuple[int, ...], int], method: Method, options: Options, top: int | None
    ) -> Counts:
        if method in {Method.PLURALITY, Method.APPROVAL}:
            return marks_from_scores(scores, self.names, options, single=method is Method.PLURALITY)
        if method in {Method.IRV, Method.STV}:
            rankings = rankings_from_scores(scores, tuple(self.names))
            return Counts(names=self.names, ballots=self.ballots, rankings=rankings)
        pairwise = method not in {Method.SCORE, Method.POINTS}
        return sums_from_scores(scores, self.names, top=top, pairwise=pairwise)

    def count(
        self,
        method: Method | str,
        *,
        seats: int | None = None,
        options: Options = DEFAULT,
        seed: str = "",
        top: int | None = None,
    ) -> Result:
        """Count the election; `seats` is what the file says, or 1, unless given.

        Raises:
            TallyError: As `counts` and `tally.count`.
        """
        if seats is None:
            seats = 1 if Method(method) is Method.IRV else self.seats or 1
        counts = self.counts(method, options, top=top)
        return count(method, counts, seats=seats, options=options, seed=seed)
