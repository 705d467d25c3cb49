"""Piles of ballots that move from option to option: the engine of IRV and STV.

A pile holds its ballots by what one is worth and by the preferences still to come. Moving a pile
touches its own ballots only, and ballots that have become alike are merged, so the work shrinks as a
count goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from services.votebooth.tally.ballots import Strict
from services.votebooth.tally.model import Exhaustion, Number, Transfer

_Bundle = dict[Strict, int]

EXACT_BITS = 512
"""A ballot's value stays exact while its denominator has at most this many bits; with many seats it
would double with each surplus. Beyond, it is cut off after `LONG_DECIMALS` places."""

LONG_DECIMALS = 30


def plain(number: Number) -> Number:
    """Return an integer where a fraction is one."""
    return number.numerator if number.denominator == 1 else number


class Piles:
    """The ballots of every option, what they add up to, and what has left the count."""

    def __init__(self, ballots: Mapping[Strict, int], options: Iterable[int], *, decimals: int | None = None) -> None:
        self._decimals = decimals
        self._piles: dict[int, dict[Number, _Bundle]] = {option: {1: {}} for option in options}
        self.totals: dict[int, Number] = dict.fromkeys(self._piles, 0)
        self.exhausted: Number = 0
        self.rounded: Number = 0
        for line, count in ballots.items():
            self._piles[line[0]][1][line[1:]] = count
            self.totals[line[0]] += count

    def holds(self, option: int) -> bool:
        """Return whether an option still holds its ballots, so that a surplus can go on."""
        return option in self._piles

    def eliminate(self, options: Iterable[int], continuing: Collection[int]) -> list[Transfer]:
        """Move all ballots of options to the next continuing option on each, at full value."""
        transfers: list[Transfer] = []
        for option in options:
            moved, gone = self._sort(self._piles.pop(option), continuing)
            del self.totals[option]
            transfers += self._deliver(option, moved, gone, value=1)
        return transfers

    def transfer_surplus(
        self, option: int, surplus: Number, continuing: Collection[int], rule: Exhaustion
    ) -> list[Transfer]:
        """Move an elected option's surplus: every ballot goes on at a part of its value.

        Weighted inclusive Gregory: the part is the surplus as a share of all the option's votes, and
        all its ballots take part, not only those of the last parcel (Scottish Local Government
        Elections Order 2007, schedule 1, rule 48).
        """
        total = self.totals[option]
        moved, gone = self._sort(self._piles.pop(option), continuing)
        if rule is Exhaustion.RETAIN:
            total = sum((_votes(bundles) for bundles in moved.values()), Fraction(0))
            value = min(Fraction(1), Fraction(surplus) / total) if total else Fraction(0)
            before = self.rounded
            transfers = self._deliver(option, moved, {}, value=plain(value))
            cut = self.rounded - before
            self.totals[option] -= sum(transfer.votes for transfer in transfers) + cut
        else:
            value = Fraction(surplus) / total
            transfers = self._deliver(option, moved, gone, value=plain(value))
            self.totals[option] -= surplus
        self.totals[option] = plain(self.totals[option])
        return transfers

    @staticmethod
    def _sort(
        pile: Mapping[Number, _Bundle], continuing: Collection[int]
    ) -> tuple[dict[int, dict[Number, _Bundle]], dict[Number, int]]:
        """Sort a pile by the next continuing option; return that and the exhausted ballots by value."""
        moved: dict[int, dict[Number, _Bundle]] = {}
        gone: dict[Number, int] = {}
        for worth, bundle in pile.items():
            for line, count in bundle.items():
                for index, option in enumerate(line):
                    if option in continuing:
                        rest = line[index + 1 :]
                        into = moved.setdefault(option, {}).setdefault(worth, {})
                        into[rest] = into.get(rest, 0) + count
                        break
                else:
                    gone[worth] = gone.get(worth, 0) + count
        return moved, gone

    def _deliver(
        self,
        source: int,
        moved: Mapping[int, Mapping[Number, _Bundle]],
        gone: Mapping[Number, int],
        *,
        value: Number,
    ) -> list[Transfer]:
        """Put sorted ballots, each at `value` times its worth, on their new piles and add them up."""
        transfers: list[Transfer] = []
        for target, bundles in sorted(moved.items()):
            votes: Number = 0
            pile = self._piles[target]
            for worth, bundle in bundles.items():
                count = sum(bundle.values())
                after = self._worth(worth, value, count)
                votes += after * count
                if after:
                    _merge(pile.setdefault(after, {}), bundle)
            self.totals[target] = plain(self.totals[target] + votes)
            transfers.append(Transfer(source, target, plain(votes), value))
        lost: Number = 0
        for worth, count in gone.items():
            lost += self._worth(worth, value, count) * count
        self.exhausted = plain(self.exhausted + lost)
        if lost:
            transfers.append(Transfer(source, None, plain(lost), value))
        return transfers

    def _worth(self, worth: Number, value: Number, count: int) -> Number:
        """Return what a ballot is worth after a transfer, and account for what is cut off `count` of them."""
        if value == 1:
            return worth
        exact = Fraction(worth * value)
        places = self._decimals
        if places is None:
            if exact.denominator.bit_length() <= EXACT_BITS:
                return plain(exact)
            places = LONG_DECIMALS
        scale = 10**places
        after = Fraction(exact.numerator * scale // exact.denominator, scale)
        self.rounded = plain(self.rounded + (exact - after) * count)
        return plain(after)


def _merge(into: _Bundle, bundle: _Bundle) -> None:
    if not into:
        into.update(bundle)
        return
    for line, count in bundle.items():
        into[line] = into.get(line, 0) + count


def _votes(bundles: Mapping[Number, _Bundle]) -> Fraction:
    return sum((Fraction(worth) * sum(bundle.values()) for worth, bundle in bundles.items()), Fraction(0))
