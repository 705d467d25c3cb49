"""STV: several seats by the single transferable vote, weighted inclusive Gregory.

An option that reaches the quota is elected. What it has above the quota goes on: all its ballots move
to their next continuing option, each worth the same part of what it was worth before. When there is no
surplus to transfer, the lowest option is eliminated and its ballots move on at their value. When as
many options continue as seats are open, they are elected.

Sources: Scottish Local Government Elections Order 2007 (SSI 2007/42), schedule 1, rules 45 to 52, whose
count is `Options(decimals=5, ties="backwards")`; Portland City Code 2.08, whose definitions of an
overvote and an inactive ballot are the defaults here; N. Tideman, "The single transferable vote",
Journal of Economic Perspectives 9 (1995).
"""

from __future__ import annotations

from fractions import Fraction

from services.votebooth.tally.ballots import Strictly, strict
from services.votebooth.tally.lowest import lowest, refuse_too_many
from services.votebooth.tally.model import (
    DEFAULT,
    Counts,
    Method,
    Number,
    Options,
    Quota,
    QuotaRule,
    Result,
    Round,
    Surplus,
    TallyError,
    Transfer,
)
from services.votebooth.tally.piles import Piles, plain
from services.votebooth.tally.ties import Breaker


def stv(counts: Counts, *, seats: int, options: Options = DEFAULT, seed: str = "") -> Result:
    """Count STV.

    Args:
        counts: `rankings`, ballots by ranking.
        seats: Options to elect.
        options: All rules but those of the pairwise methods.
        seed: The seed of the tie-break order.

    Raises:
        TallyError: `rankings` are missing, or there are too many options.
    """
    if counts.rankings is None:
        raise TallyError("stv is counted from rankings")
    ballots = strict(counts.rankings, options, counts.names)
    refuse_too_many(ballots.ballots)
    count = _Count(counts, ballots, seats, options, seed)
    rounds = count.run()
    return Result(
        method=Method.STV,
        names=counts.names,
        seats=seats,
        winners=tuple(count.elected),
        ballots=counts.ballots,
        abstentions=counts.abstentions + ballots.abstentions,
        void=counts.void + ballots.void,
        rounds=tuple(rounds),
        rules=options,
        seed=seed,
    )


def quota(rule: Quota, votes: Number, seats: int) -> Number:
    """Return the votes that are enough for one of `seats` when `votes` count."""
    if rule is Quota.HARE:
        return plain(Fraction(votes) / seats)
    return votes // (seats + 1) + 1


class _Count:
    """A count under way."""

    def __init__(self, counts: Counts, ballots: Strictly, seats: int, options: Options, seed: str) -> None:
        self._seats = seats
        self._options = options
        self._names = counts.names
        self._piles = Piles(ballots.ballots, counts.names, decimals=options.decimals)
        self._breaker = Breaker(counts.names, seed, options.ties)
        self._continuing = set(counts.names) if ballots.ballots else set()
        self._quota = quota(options.quota, sum(ballots.ballots.values()), seats)
        self.elected: list[int] = []

    def run(self) -> list[Round]:
        """Count to the end and return the rounds."""
        rounds: list[Round] = []
        while self._continuing and len(self.elected) < self._seats:
            rounds.append(self._round())
        return rounds or [Round(kind="count", tallies=dict.fromkeys(self._names, 0))]

    def _round(self) -> Round:
        piles = self._piles
        if self._options.quota_rule is QuotaRule.RECOMPUTED:
            self._quota = quota(self._options.quota, sum(piles.totals.values()), self._seats)
        tallies = dict(piles.totals)
        exhausted, rounded = piles.exhausted, piles.rounded
        elected, elected_by = self._elect(tallies)
        losers: tuple[int, ...] = ()
        transfers: list[Transfer] = []
        if self._continuing and len(self.elected) < self._seats:
            surpluses = self._surpluses(tallies)
            if surpluses:
                for option, surplus in surpluses:
                    transfers += piles.transfer_surplus(option, surplus, self._continuing, self._options.exhaustion)
            else:
                losers, transfers = self._eliminate(tallies)
        self._breaker.remember(tallies)
        return Round(
            kind="count",
            tallies=tallies,
            elected=elected,
            elected_by=elected_by,
            eliminated=losers,
            exhausted=exhausted,
            rounded=rounded,
            quota=self._quota,
            transfers=tuple(transfers),
            ties=self._breaker.taken(),
        )

    def _elect(self, tallies: dict[int, Number]) -> tuple[tuple[int, ...], str]:
        """Elect who has the quota, or all that are left when they are just enough for the open seats."""
        ranked = self._breaker.ranked(tallies, self._continuing)
        reached = [option for option in ranked if 0 < tallies[option] >= self._quota]
        by = "quota" if reached else ""
        open_seats = self._seats - len(self.elected)
        if len(self._continuing) <= open_seats:
            reached, by = ranked, by if len(reached) == len(ranked) else "remaining"
        self._continuing.difference_update(reached)
        if reached and 0 < len(self._continuing) <= open_seats - len(reached):
            reached += self._breaker.ranked(tallies, self._continuing)
            self._continuing.clear()
            by = "remaining"
        self.elected += reached
        return tuple(reached), by

    def _surpluses(self, tallies: dict[int, Number]) -> list[tuple[int, Number]]:
        """Return the surpluses to transfer in this round, largest first."""
        surpluses = {
            option: plain(tallies[option] - self._quota)
            for option in self.elected
            if self._piles.holds(option) and tallies[option] > self._quota
        }
        if not surpluses:
            return []
        if self._options.surplus is Surplus.ALL:
            return [(option, surpluses[option]) for option in self._breaker.ranked(surpluses, surpluses)]
        largest = max(surpluses.values())
        tied = [option for option in surpluses if surpluses[option] == largest]
        option = self._breaker.most(tied, 1, "surplus")[0]
        return [(option, surpluses[option])]

    def _eliminate(self, tallies: dict[int, Number]) -> tuple[tuple[int, ...], list[Transfer]]:
        standing = {option: tallies[option] for option in self._continuing}
        at_most = len(standing) - (self._seats - len(self.elected))
        losers = lowest(standing, at_most, self._breaker, self._options.elimination)
        self._continuing.difference_update(losers)
        return losers, self._piles.eliminate(losers, self._continuing)
