"""The pairwise matrix: how many ballots prefer each option to each other one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.votebooth.tally.model import MAX_PAIRWISE_OPTIONS, Pairwise, Rank, TallyError

CHUNK = 8_192
"""Ballots compared at a time, so that the numbers below stay in the processor's cache."""

FEW = 32
"""Fewer ballots than this are quicker to walk through one by one."""

HIGHEST_LEVEL = 125
UNRANKED = HIGHEST_LEVEL + 1

_SCORE_TO_LEVEL = bytes(HIGHEST_LEVEL - score if score <= HIGHEST_LEVEL else 0 for score in range(256))


class Matrix:
    """Gathers preferences between pairs.

    A ballot gives each option a level, 0 the best. For many ballots at once an option's levels become the
    bytes of one long integer, and a single subtraction compares two options on all of them: where the
    level of a is lower than that of b, 128 + b - (a + 1) leaves the highest bit of the byte set, and no
    byte borrows from its neighbour. Ballots of one weight go together.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        if len(names) > MAX_PAIRWISE_OPTIONS:
            raise TallyError(f"pairwise counts take at most {MAX_PAIRWISE_OPTIONS} options; there are {len(names)}")
        self._ids = tuple(names)
        self._place = {option: place for place, option in enumerate(self._ids)}
        self._above = [[0] * len(self._ids) for _ in self._ids]
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
            (a, b): votes
            for a, row in zip(self._ids, self._above, strict=True)
            for b, votes in zip(self._ids, row, strict=True)
            if a != b
        }

    def _flush_ranked(self, count: int) -> None:
        ballots = self._ranked.pop(count)
        try:
            if len(ballots) < FEW or max(map(len, ballots)) > HIGHEST_LEVEL:
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
        if len(ballots) < FEW or max(map(max, ballots), default=0) > HIGHEST_LEVEL:
            for scores in ballots:
                levels: dict[int, list[int]] = {}
                for place, score in enumerate(scores):
                    levels.setdefault(score, []).append(place)
                self._walk([levels[score] for score in sorted(levels, reverse=True)], count)
            return
        self._compare([bytes(scores).translate(_SCORE_TO_LEVEL) for scores in zip(*ballots, strict=True)], count)

    def _walk(self, groups: Sequence[Sequence[int]], count: int) -> None:
        """Add ballots by going through the options below each option."""
        below = set(range(len(self._ids)))
        for group in groups:
            below.difference_update(group)
            for option in group:
                row = self._above[option]
                for lower in below:
                    row[lower] += count

    def _compare(self, columns: Sequence[bytes | bytearray], count: int) -> None:
        """Add ballots by comparing columns, an option's level on each ballot in a byte."""
        if not columns:
            return
        size = len(columns[0])
        high = int.from_bytes(b"\x80" * size, "little")
        ones = high >> 7
        levels = [int.from_bytes(column, "little") for column in columns]
        lifted = [level | high for level in levels]
        for level, row in zip(levels, self._above, strict=True):
            more = level + ones
            for place, other in enumerate(lifted):
                row[place] += count * ((other - more) & high).bit_count()
