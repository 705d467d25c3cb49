"""Methods that add up: single and multiple choice, approval, score, and points to divide."""

from __future__ import annotations

from services.votebooth.tally.model import DEFAULT, Counts, Method, Options, Result, Round, TallyError
from services.votebooth.tally.ties import Breaker, top


def highest(method: Method, counts: Counts, *, seats: int = 1, options: Options = DEFAULT, seed: str = "") -> Result:
    """Elect the options with the most votes (single, multiple, approval) or points (score, points).

    An option that nobody marked is never elected, even if a seat stays empty.

    Args:
        method: The method, for the result.
        counts: `totals`, votes or points by option.
        seats: Options to elect.
        options: The rules, for the result.
        seed: The seed of the tie-break order.

    Raises:
        TallyError: `totals` are missing.
    """
    if counts.totals is None:
        raise TallyError(f"{method} is counted from totals")
    tallies = {option: counts.totals.get(option, 0) for option in counts.names}
    breaker = Breaker(counts.names, seed)
    winners = top(tallies, seats, breaker)
    only = Round(
        kind="count",
        tallies=tallies,
        elected=winners,
        elected_by="highest" if winners else "",
        ties=breaker.taken(),
    )
    return Result(
        method=method,
        names=counts.names,
        seats=seats,
        winners=winners,
        ballots=counts.ballots,
        abstentions=counts.abstentions,
        void=counts.void,
        rounds=(only,),
        rules=options,
        seed=seed,
    )
