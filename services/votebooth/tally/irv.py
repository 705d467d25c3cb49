"""IRV: one seat by instant runoff.

Each ballot counts for its highest continuing option. While none has more than half of the votes that
still count, the lowest is eliminated and its ballots move on (Robert's PollRules of Order Newly Revised,
45:62; Maine 21-A MRSA §723-A; Portland City Code 2.08.030).
"""

from __future__ import annotations

from services.votebooth.tally.ballots import strict
from services.votebooth.tally.lowest import lowest, refuse_too_many
from services.votebooth.tally.model import (
    DEFAULT,
    Counts,
    Method,
    Options,
    Result,
    Round,
    TallyError,
    Transfer,
)
from services.votebooth.tally.piles import Piles
from services.votebooth.tally.ties import Breaker


def irv(counts: Counts, *, seats: int = 1, options: Options = DEFAULT, seed: str = "") -> Result:
    """Count IRV.

    The quota of a round is a majority of the votes that count in it, whatever `options.quota` says.

    Args:
        counts: `rankings`, ballots by ranking.
        seats: 1; STV fills several.
        options: The rules for overvotes, skipped ranks, duplicates, ties and elimination.
        seed: The seed of the tie-break order.

    Raises:
        TallyError: `rankings` are missing, there are several seats, or too many options.
    """
    if counts.rankings is None:
        raise TallyError("irv is counted from rankings")
    if seats != 1:
        raise TallyError("irv elects one option; use stv for several seats")
    ballots = strict(counts.rankings, options, counts.names)
    refuse_too_many(ballots.ballots)
    piles = Piles(ballots.ballots, counts.names)
    breaker = Breaker(counts.names, seed, options.ties)
    continuing = set(counts.names) if ballots.ballots else set()
    rounds: list[Round] = []
    winners: tuple[int, ...] = ()
    while continuing and not winners:
        tallies = {option: piles.totals[option] for option in continuing}
        active = sum(tallies.values())
        exhausted = piles.exhausted
        best = max(tallies, key=tallies.__getitem__)
        quota = active // 2 + 1
        elected_by = ""
        losers: tuple[int, ...] = ()
        transfers: list[Transfer] = []
        if tallies[best] >= quota:
            winners, elected_by = (best,), "majority"
        elif len(continuing) == 1:
            winners, elected_by = (best,), "remaining"
        else:
            losers = lowest(tallies, len(continuing) - 1, breaker, options.elimination)
            continuing.difference_update(losers)
            transfers = piles.eliminate(losers, continuing)
        breaker.remember(tallies)
        rounds.append(
            Round(
                kind="count",
                tallies=tallies,
                elected=winners,
                elected_by=elected_by,
                eliminated=losers,
                exhausted=exhausted,
                quota=quota,
                transfers=tuple(transfers),
                ties=breaker.taken(),
            )
        )
    if not rounds:
        rounds.append(Round(kind="count", tallies=dict.fromkeys(counts.names, 0)))
    return Result(
        method=Method.IRV,
        names=counts.names,
        seats=1,
        winners=winners,
        ballots=counts.ballots,
        abstentions=counts.abstentions + ballots.abstentions,
        void=counts.void + ballots.void,
        rounds=tuple(rounds),
        rules=options,
        seed=seed,
    )
