"""STAR: score, then automatic runoff; with several seats, Bloc STAR.

The two options with the highest totals are finalists; the one that more ballots score higher wins.

Ties follow the official protocol of the Equal Vote Coalition (https://www.starvoting.org/ties):

1. In the scoring round, the tied options meet head to head and those that lose the most matches drop
   out, again and again, while that leaves enough of them.
2. In the runoff, the finalist with the higher total wins.
3. Then, in both, the option with more ballots that give it the top score of the scale.
4. Then the published order (`ties.py`).

Bloc STAR fills one seat after another, leaving out those already elected
(https://www.starvoting.org/multi_winner).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.votebooth.tally.model import (
    DEFAULT,
    Counts,
    Method,
    Options,
    Pairwise,
    Result,
    Round,
    Runoff,
    TallyError,
)
from services.votebooth.tally.ties import Breaker


def star(counts: Counts, *, seats: int = 1, options: Options = DEFAULT, seed: str = "") -> Result:
    """Count STAR.

    Args:
        counts: `totals` (points by option), `pairwise` (ballots that score one option above another)
            and, for step 3 of the ties, `top_scores` (ballots that give the scale's top score).
        seats: Options to elect.
        options: The rules, for the result.
        seed: The seed of the tie-break order.

    Raises:
        TallyError: `totals` or `pairwise` are missing.
    """
    if counts.totals is None or counts.pairwise is None:
        raise TallyError("star is counted from totals and a pairwise matrix")
    totals = {option: counts.totals.get(option, 0) for option in counts.names}
    expressed = counts.ballots - counts.abstentions - counts.void
    seat = _Seat(counts.pairwise, counts.top_scores or {}, Breaker(counts.names, seed), expressed)
    winners: list[int] = []
    rounds: list[Round] = []
    runoffs: list[Runoff] = []
    left = dict(totals)
    while len(winners) < seats and any(left.values()):
        winner, new_rounds, runoff = seat.fill(left)
        winners.append(winner)
        rounds += new_rounds
        runoffs += [runoff] if runoff else []
        del left[winner]
    if not rounds:
        rounds.append(Round(kind="scoring", tallies=totals))
    return Result(
        method=Method.STAR,
        names=counts.names,
        seats=seats,
        winners=tuple(winners),
        ballots=counts.ballots,
        abstentions=counts.abstentions,
        void=counts.void,
        rounds=tuple(rounds),
        rules=options,
        seed=seed,
        runoff=runoffs[0] if runoffs else None,
        pairwise=counts.pairwise,
    )


class _Seat:
    """Fills a seat; the same counts serve each seat of Bloc STAR."""

    def __init__(self, pairwise: Pairwise, top_scores: Mapping[int, int], breaker: Breaker, expressed: int) -> None:
        self._pairwise = pairwise
        self._top_scores = top_scores
        self._breaker = breaker
        self._expressed = expressed

    def fill(self, totals: Mapping[int, int]) -> tuple[int, list[Round], Runoff | None]:
        """Return the winner among options with these totals, two rounds at most, and the runoff."""
        finalists = self._finalists(totals)
        if len(finalists) == 1:
            only = Round(kind="scoring", tallies=dict(totals), elected=finalists, elected_by="remaining", ties=())
            return finalists[0], [only], None
        ranked = self._breaker.ranked(totals, totals)
        scoring = Round(
            kind="scoring",
            tallies=dict(totals),
            eliminated=tuple(option for option in ranked if option not in finalists),
            ties=self._breaker.taken(),
        )
        first, second = finalists
        votes = {
            first: self._pairwise.get((first, second), 0),
            second: self._pairwise.get((second, first), 0),
        }
        winner = self._winner(votes, totals)
        loser = second if winner == first else first
        runoff = Round(
            kind="runoff",
            tallies=votes,
            elected=(winner,),
            elected_by="preferred",
            eliminated=(loser,),
            ties=self._breaker.taken(),
        )
        return winner, [scoring, runoff], Runoff(votes, self._expressed - sum(votes.values()), winner)

    def _finalists(self, totals: Mapping[int, int]) -> tuple[int, ...]:
        chosen: list[int] = []
        for score in sorted(set(totals.values()), reverse=True):
            level = [option for option in totals if totals[option] == score]
            wanted = 2 - len(chosen)
            chosen += self._advance(level, wanted) if len(level) > wanted else self._breaker.sorted(level)
            if len(chosen) == 2:
                break
        return tuple(chosen)

    def _advance(self, tied: Sequence[int], wanted: int) -> list[int]:
        """Choose `wanted` of options with equal totals."""
        chosen: list[int] = []
        left = list(tied)
        by = "head-to-head"
        while len(chosen) < wanted:
            group = self._narrow(left, wanted - len(chosen))
            if len(group) > wanted - len(chosen):
                by, group = self._by_top_scores(group, wanted - len(chosen))
            chosen += group
            left = [option for option in left if option not in chosen]
        self._breaker.note("finalist", tied, chosen, by)
        return chosen

    def _narrow(self, tied: Sequence[int], wanted: int) -> list[int]:
        """Drop those that lose the most matches among the tied, until no more can be told apart."""
        left = list(tied)
        while len(left) > wanted:
            losses = {option: self._losses(option, left) for option in left}
            worst = max(losses.values())
            better = [option for option in left if losses[option] < worst]
            if not better:
                break
            left = better
        return left

    def _losses(self, option: int, others: Collection[int]) -> int:
        pairs = self._pairwise
        return sum(pairs.get((other, option), 0) > pairs.get((option, other), 0) for other in others)

    def _by_top_scores(self, tied: Sequence[int], wanted: int) -> tuple[str, list[int]]:
        tops = {option: self._top_scores.get(option, 0) for option in tied}
        ranked = self._breaker.ranked(tops, tied)
        by = "top-scores" if tops[ranked[wanted - 1]] > tops[ranked[wanted]] else "seed"
        return by, ranked[:wanted]

    def _winner(self, votes: Mapping[int, int], totals: Mapping[int, int]) -> int:
        first, second = votes
        if votes[first] != votes[second]:
            return max(votes, key=votes.__getitem__)
        if totals[first] != totals[second]:
            winner, by = max(votes, key=totals.__getitem__), "score"
        else:
            by, chosen = self._by_top_scores(tuple(votes), 1)
            winner = chosen[0]
        self._breaker.note("runoff", votes, (winner,), by)
        return winner
