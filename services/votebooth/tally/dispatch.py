"""One door to every method."""

from __future__ import annotations

from collections.abc import Callable

from services.votebooth.tally.cardinal import highest
from services.votebooth.tally.irv import irv
from services.votebooth.tally.model import (
    DEFAULT,
    MAX_SEATS,
    MAX_VOTES,
    Counts,
    Method,
    Options,
    Result,
    TallyError,
)
from services.votebooth.tally.ranked_robin import ranked_robin
from services.votebooth.tally.schulze import schulze
from services.votebooth.tally.star import star
from services.votebooth.tally.stv import stv

_METHODS: dict[Method, Callable[..., Result]] = {
    Method.STAR: star,
    Method.IRV: irv,
    Method.STV: stv,
    Method.SCHULZE: schulze,
    Method.RANKED_ROBIN: ranked_robin,
}


def count(
    method: Method | str,
    counts: Counts,
    *,
    seats: int = 1,
    options: Options = DEFAULT,
    seed: str = "",
) -> Result:
    """Count an election.

    Nothing is random and nothing but the arguments matters: the same call gives the same result, and
    neither the order of options nor that of ballots changes it.

    Args:
        method: The method, or its name.
        counts: What the method counts from; see `Counts`.
        seats: Options to elect, from 1 to `MAX_SEATS`. IRV elects one.
        options: The named rules.
        seed: The seed of the published tie-break order; see `ties.py`.

    Returns:
        The result. Without a ballot that counts, or without options, it has no winners.

    Raises:
        TallyError: The method is unknown, `counts` lack what it needs or contradict themselves, or a
            limit is passed.
    """
    try:
        method = Method(method)
    except ValueError:
        raise TallyError(f"{method!r} is not a method; choose one of {', '.join(Method)}") from None
    if not 1 <= seats <= MAX_SEATS:
        raise TallyError(f"seats is a number from 1 to {MAX_SEATS}, not {seats}")
    _check(counts)
    if method in _METHODS:
        return _METHODS[method](counts, seats=seats, options=options, seed=seed)
    return highest(method, counts, seats=seats, options=options, seed=seed)


def _check(counts: Counts) -> None:
    """Refuse numbers that no ballots can make."""
    if not 0 <= counts.ballots <= MAX_VOTES:
        raise TallyError(f"ballots is a number from 0 to {MAX_VOTES}, not {counts.ballots}")
    for values in (counts.totals, counts.top_scores, counts.pairwise):
        if values and min(values.values()) < 0:
            raise TallyError("a sum of votes or points is negative")
    if counts.rankings is not None:
        ranked = sum(counts.rankings.values()) + counts.abstentions + counts.void
        if ranked != counts.ballots:
            raise TallyError(f"the rankings add up to {ranked} ballots, not {counts.ballots}")
    for option in (counts.totals or {}).keys() | (counts.top_scores or {}).keys():
        if option not in counts.names:
            raise TallyError(f"there are votes for option {option}, which doesn't stand")
