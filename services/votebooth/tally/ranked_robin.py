"""Ranked robin (RCV-RR): every pair of options is a match, and whoever wins most matches is elected.

This is Copeland's method with the tie-break that the Equal Vote Coalition published with it
(https://electowiki.org/wiki/Ranked_Robin, https://www.equal.vote/ranked_robin). Those with equally
many wins are finalists:

1. The finalist with the greatest total margin (ballots for less ballots against) over the other
   finalists is elected.
2. Then the greatest total margin over all other options.
3. Then the published order (`ties.py`); the coalition's third degree is left out, as it advises
   against it itself.

With several seats the next ones are elected in the same way among those left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction

from services.votebooth.tally.model import (
    DEFAULT,
    Counts,
    Method,
    Number,
    Options,
    PairTie,
    Pairwise,
    Result,
    Round,
    TallyError,
)
from services.votebooth.tally.piles import plain
from services.votebooth.tally.ties import Breaker


def ranked_robin(counts: Counts, *, seats: int = 1, options: Options = DEFAULT, seed: str = "") -> Result:
    """Count ranked robin.

    Args:
        counts: `pairwise`, ballots that prefer one option to another.
        seats: Options to elect.
        options: `pair_tie`, the worth of an even match.
        seed: The seed of the tie-break order.

    Raises:
        TallyError: `pairwise` is missing.
    """
    if counts.pairwise is None:
        raise TallyError("ranked robin is counted from a pairwise matrix")
    breaker = Breaker(counts.names, seed)
    winners: list[int] = []
    rounds: list[Round] = []
    left = set(counts.names) if any(counts.pairwise.values()) else set()
    halves = _half_wins(counts.pairwise, left, options.pair_tie)
    while left and len(winners) < seats:
        wins = {option: plain(Fraction(halves[option], 2)) for option in left}
        winner = _winner(counts.pairwise, wins, breaker)
        winners.append(winner)
        left.remove(winner)
        for option in left:
            halves[option] -= _worth(counts.pairwise, option, winner, options.pair_tie)
        rounds.append(Round(kind="pairwise", tallies=wins, elected=(winner,), elected_by="wins", ties=breaker.taken()))
    if not rounds:
        rounds.append(Round(kind="pairwise", tallies=dict.fromkeys(counts.names, 0)))
    return Result(
        method=Method.RANKED_ROBIN,
        names=counts.names,
        seats=seats,
        winners=tuple(winners),
        ballots=counts.ballots,
        abstentions=counts.abstentions,
        void=counts.void,
        rounds=tuple(rounds),
        rules=options,
        seed=seed,
        pairwise=counts.pairwise,
    )


def _half_wins(pairwise: Pairwise, options: Collection[int], rule: PairTie) -> dict[int, int]:
    """Return the matches each option wins against the others, in halves."""
    return {a: sum(_worth(pairwise, a, b, rule) for b in options if b != a) for a in options}


def _worth(pairwise: Pairwise, a: int, b: int, rule: PairTie) -> int:
    """Return what the match against b is worth to a, in halves."""
    wins, losses = pairwise.get((a, b), 0), pairwise.get((b, a), 0)
    if wins == losses:
        return 1 if rule is PairTie.HALF else 0
    return 2 if wins > losses else 0


def _margin(pairwise: Pairwise, option: int, others: Iterable[int]) -> int:
    return sum(
        pairwise.get((option, other), 0) - pairwise.get((other, option), 0) for other in others if other != option
    )


def _winner(pairwise: Pairwise, wins: dict[int, Number], breaker: Breaker) -> int:
    most = max(wins.values())
    finalists = [option for option in wins if wins[option] == most]
    tied = finalists
    for field in (finalists, wins):
        if len(tied) == 1:
            break
        margins = {option: _margin(pairwise, option, field) for option in tied}
        best = max(margins.values())
        tied = [option for option in tied if margins[option] == best]
    winner = breaker.sorted(tied)[0]
    if len(finalists) > 1:
        breaker.note("elect", finalists, (winner,), "margin" if len(tied) == 1 else "seed")
    return winner
