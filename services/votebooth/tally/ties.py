r"""Ties, resolved by a published, seeded and reproducible order.

The order of the options is the ascending order of SHA-256(seed, a zero byte, name), both as UTF-8.
Whoever stands earlier in it wins a tie and whoever stands later is eliminated first, so one order
settles a whole count. Anyone can recompute it from the seed and the names:

    printf '%s\0%s' "$seed" "$name" | sha256sum

The seed should be fixed in public before ballots are known, or drawn from something nobody controls
after they are: who knows it in advance can choose an option's name to stand first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from services.votebooth.tally.model import Number, Tie, TieBreak


def digest(seed: str, name: str) -> str:
    """Return the hexadecimal SHA-256 that places an option called `name` in the order of `seed`."""
    return hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()


def order(names: Mapping[int, str], seed: str) -> tuple[int, ...]:
    """Return all options, first in ties to last. Options of one name stand in the order of their ids."""
    return tuple(sorted(names, key=lambda option: (digest(seed, names[option]), option)))


class Breaker:
    """Breaks the ties of one count and keeps a record of those it broke in the current round."""

    def __init__(self, names: Mapping[int, str], seed: str, policy: TieBreak = TieBreak.SEED) -> None:
        self._place = {option: place for place, option in enumerate(order(names, seed))}
        self._policy = policy
        self._history: list[Mapping[int, Number]] = []
        self._ties: list[Tie] = []

    def remember(self, tallies: Mapping[int, Number]) -> None:
        """Keep a round's tallies for the policies that look at earlier rounds."""
        if self._policy is not TieBreak.SEED:
            self._history.append(tallies)

    def taken(self) -> tuple[Tie, ...]:
        """Return the ties broken since the last call."""
        ties, self._ties = tuple(self._ties), []
        return ties

    def note(self, purpose: str, tied: Iterable[int], chosen: Iterable[int], by: str) -> None:
        """Record a tie that the method's own rules broke."""
        self._ties.append(Tie(purpose, self.sorted(tied), tuple(chosen), by))

    def sorted(self, options: Iterable[int]) -> tuple[int, ...]:
        """Return options in the seeded order."""
        return tuple(sorted(options, key=self._place.__getitem__))

    def ranked(self, tallies: Mapping[int, Number], options: Iterable[int]) -> list[int]:
        """Return options from most to fewest votes, equal ones in the seeded order; records nothing."""
        return sorted(self.sorted(options), key=lambda option: -tallies[option])

    def most(self, tied: Collection[int], count: int, purpose: str) -> list[int]:
        """Take `count` of options that are equal, those favoured by the rules first."""
        return self._take(tied, count, purpose, max, first=True)

    def fewest(self, tied: Collection[int], count: int, purpose: str) -> list[int]:
        """Take `count` of options that are equal, those disfavoured by the rules first."""
        return self._take(tied, count, purpose, min, first=False)

    def _take(
        self,
        tied: Collection[int],
        count: int,
        purpose: str,
        best: Callable[[Iterable[Number]], Number],
        *,
        first: bool,
    ) -> list[int]:
        if len(tied) <= count:
            return list(self.sorted(tied))
        chosen: list[int] = []
        by = "seed"
        left = list(tied)
        while len(chosen) < count:
            group = self._by_history(left, best)
            if len(group) < len(left):
                by = "earlier-round"
            if len(group) > count - len(chosen):
                by = "seed"
                ordered = self.sorted(group)
                group = list(ordered if first else reversed(ordered))[: count - len(chosen)]
            chosen += self.sorted(group)
            left = [option for option in left if option not in group]
        self.note(purpose, tied, chosen, by)
        return chosen

    def _by_history(self, tied: Sequence[int], best: Callable[[Iterable[Number]], Number]) -> list[int]:
        """Narrow options down to those that an earlier round puts at the end asked for."""
        group = list(tied)
        rounds = reversed(self._history) if self._policy is TieBreak.BACKWARDS else iter(self._history)
        for tallies in rounds:
            if len(group) == 1:
                break
            wanted = best(tallies.get(option, 0) for option in group)
            group = [option for option in group if tallies.get(option, 0) == wanted]
        return group


def top(tallies: Mapping[int, Number], count: int, breaker: Breaker, purpose: str = "elect") -> tuple[int, ...]:
    """Return the `count` options with the most votes, most first; a tie at the edge is broken and recorded.

    Options without a vote are left out: nobody is chosen by lot alone.
    """
    ranked = breaker.ranked(tallies, (option for option, votes in tallies.items() if votes > 0))
    if len(ranked) <= count:
        return tuple(ranked)
    edge = tallies[ranked[count - 1]] if count else None
    above = [option for option in ranked if edge is None or tallies[option] > edge]
    tied = [option for option in ranked if tallies[option] == edge]
    return tuple(above[:count] + breaker.most(tied, count - len(above[:count]), purpose))
