"""The pairwise matrix: how many ballots prefer each option to each other one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from services.votebooth.tally.model import MAX_PAIRWISE_OPTIONS, Pairwise, Rank, TallyError

CHUNK = 8_192
"""Ballots compared at a time, so that the numbers below stay in the processor's cache."""

COMPARE = 600
"""What comparing two columns costs, in steps of a walk, before their length counts; see `_walks`."""

COMPARE_LENGTH = 65
"""Ballots in two columns whose comparison costs as much as one step of a walk."""

HIGHEST_LEVEL = 125
UNRANKED = HIGHEST_LEVEL + 1

_SCORE_TO_LEVEL = bytes(HIGHEST_LEVEL - score if score <= HIGHEST_LEVEL else 0 for score in range(256))


class Matrix:
    """Gathers preferences between pairs.

    There are two ways, and the cheaper one is taken for each lot of ballots of one weight.

    A walk goes through the options a ballot ranks. It prefers each of them to all others, except to those
    it ranks as high or higher; so options it doesn't rank cost nothing.

    A comparison takes many ballots at once. A ballot gives each option a level, 0 the best, and an option's
    levels become the bytes of one long integer. A single subtraction then compares two options on all
    ballots: where the level of a is lower than that of b, 128 + b - (a + 1) leaves the highest bit of the
    byte set, and no byte borrows from its neighbour.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        if len(names) > MAX_PAIRWISE_OPTIONS:
            raise TallyError(f"pairwise counts take at most {MAX_PAIRWISE_OPTIONS} options; there are {len(names)}")
        self._ids = tuple(names)
        self._place = {option: place for place, option in enumerate(self._ids)}
        self._compared = [[0] * len(self._ids) for _ in self._ids]
        self._walked = [0] * len(self._ids)
        self._not_above = [[0] * len(self._ids) for _ in self._ids]
        self._ranked: dict[int, list[Sequence[Rank]]] = {}
        self._scored: dict[int, list[Sequence[int]]] = {}

    def add(self, groups: Sequence[Rank], count: int) -> None:
        """Add ballots that rank groups of equal options, best first, and prefer them to the others."""
        waiting = self._ranked.setdefault(count, [])
        waiting.append(groups)
        if len(waiting) == CHUNK:
            self._flush_ranked(count)

    def add_scores(self, scores: Sequence[int], count: int) -> None:
        """Add ballots that give each option a score."""
        waiting = self._scored.setdefault(count, [])
        waiting.append(scores)
        if len(waiting) == CHUNK:
            self._flush_scored(count)

    def pairs(self) -> Pairwise:
        """Return the ballots that prefer each option to each other one."""
        for count in list(self._ranked):
            self._flush_ranked(count)
        for count in list(self._scored):
            self._flush_scored(count)
        return {
            (a, b): self._compared[above][below] + self._walked[above] - self._not_above[below][above]
            for above, a in enumerate(self._ids)
            for below, b in enumerate(self._ids)
            if a != b
        }

    def _walks(self, sizes: list[int]) -> bool:
        """Return whether walking through ballots that rank so many options is the cheaper way."""
        walk = sum(size * size for size in sizes) // 2
        return walk <= len(self._ids) ** 2 * (COMPARE + len(sizes)) // COMPARE_LENGTH

    def _flush_ranked(self, count: int) -> None:
        ballots = self._ranked.pop(count)
        try:
            if self._walks([len(groups) for groups in ballots]) or max(map(len, ballots)) > HIGHEST_LEVEL:
                for groups in ballots:
                    self._walk([[self._place[option] for option in group] for group in groups], count)
                return
            columns = [bytearray(bytes((UNRANKED,)) * len(ballots)) for _ in self._ids]
            column = {option: columns[place] for option, place in self._place.items()}
            for index, groups in enumerate(ballots):
                for level, group in enumerate(groups):
                    for option in group:
                        column[option][index] = level
        except KeyError as error:
            raise TallyError(f"a ballot names option {error.args[0]}, which doesn't stand") from None
        self._compare(columns, count)

    def _flush_scored(self, count: int) -> None:
        ballots = self._scored.pop(count)
        if (
            self._walks([len(scores) - scores.count(0) for scores in ballots])
            or max(max(scores, default=0) for scores in ballots) > HIGHEST_LEVEL
        ):
            for scores in ballots:
                levels: dict[int, list[int]] = {}
                for place, score in enumerate(scores):
                    if score:
                        levels.setdefault(score, []).append(place)
                self._walk([levels[score] for score in sorted(levels, reverse=True)], count)
            return
        columns = [bytes(scores).translate(_SCORE_TO_LEVEL) for scores in zip(*ballots, strict=True)]
        self._compare(columns, count)

    def _walk(self, groups: Sequence[Sequence[int]], count: int) -> None:
        """Add ballots that rank groups of equal options and leave out the others."""
        line = list(chain.from_iterable(groups))
        for index, option in enumerate(line):
            self._walked[option] += count
            row = self._not_above[option]
            for lower in line[index + 1 :]:
                row[lower] += count
        if len(line) > len(groups):
            for group in groups:
                for index, option in enumerate(group):
                    for equal in group[:index]:
                        self._not_above[option][equal] += count

    def _compare(self, columns: Sequence[bytes | bytearray], count: int) -> None:
        """Add ballots by comparing columns, an option's level on each ballot in a byte."""
        if not columns:
            return
        size = len(columns[0])
        high = int.from_bytes(b"\x80" * size, "little")
        ones = high >> 7
        levels = [int.from_bytes(column, "little") for column in columns]
        lifted = [level | high for level in levels]
        for level, row in zip(levels, self._compared, strict=True):
            more = level + ones
            for place, other in enumerate(lifted):
                row[place] += count * ((other - more) & high).bit_count()
