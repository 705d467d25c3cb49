"""The Schulze method: beatpaths over the pairwise matrix.

The strength of a path from one option to another is that of its weakest victory. An option whose
strongest path to another is stronger than the strongest path back is better than it; that relation
has no cycles, and who is beaten by none wins. With several seats the next in that order follow.

Source: M. Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
single-winner election method", Social Choice and Welfare 36 (2011), and arXiv:1804.02973.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.votebooth.tally.model import (
    DEFAULT,
    Counts,
    Method,
    Options,
    Pairwise,
    Result,
    Round,
    Strength,
    TallyError,
)
from services.votebooth.tally.ties import Breaker


def strongest_paths(pairwise: Pairwise, options: Mapping[int, str], strength: Strength) -> Pairwise:
    """Return the strength of the strongest path between each two options; 0 where there is none.

    Victories are added from the strongest to the weakest. The one that first connects two options is the
    weakest on the strongest path between them. Who is connected is kept as the bits of integers, so
    each pair is touched once, and most victories, which connect nobody anew, cost one look.
    """
    ids = tuple(options)
    size = len(ids)
    victories = sorted(
        (
            (_strength(pairwise, a, b, strength), start, end)
            for start, a in enumerate(ids)
            for end, b in enumerate(ids)
            if pairwise.get((a, b), 0) > pairwise.get((b, a), 0)
        ),
        reverse=True,
    )
    reached = [1 << place for place in range(size)]
    reaching = [1 << place for place in range(size)]
    paths = [[0] * size for _ in ids]
    for width, start, end in victories:
        if reached[start] >> end & 1:
            continue
        beyond = reached[end]
        for origin in _bits(reaching[start]):
            fresh = beyond & ~reached[origin]
            reached[origin] |= fresh
            for target in _bits(fresh):
                paths[origin][target] = width
                reaching[target] |= 1 << origin
    return {(a, b): paths[above][below] for above, a in enumerate(ids) for below, b in enumerate(ids) if a != b}


def _bits(number: int) -> Iterator[int]:
    """Return the places of the bits that are set."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _strength(pairwise: Pairwise, a: int, b: int, strength: Strength) -> int:
    wins = pairwise.get((a, b), 0)
    return wins - pairwise.get((b, a), 0) if strength is Strength.MARGINS else wins


def schulze(counts: Counts, *, seats: int = 1, options: Options = DEFAULT, seed: str = "") -> Result:
    """Count the Schulze method.

    Options that no path tells apart are tied; the seeded order decides.

    Args:
        counts: `pairwise`, ballots that prefer one option to another.
        seats: Options to elect.
        options: `strength` of a victory.
        seed: The seed of the tie-break order.

    Raises:
        TallyError: `pairwise` is missing.
    """
    if counts.pairwise is None:
        raise TallyError("schulze is counted from a pairwise matrix")
    pairwise = counts.pairwise
    paths = strongest_paths(pairwise, counts.names, options.strength)
    better = {a: {b for b in counts.names if a != b and paths[a, b] > paths[b, a]} for a in counts.names}
    breaker = Breaker(counts.names, seed)
    winners: list[int] = []
    left = set(counts.names) if any(pairwise.values()) else set()
    while left and len(winners) < seats:
        beaten = set().union(*(better[option] for option in left))
        unbeaten = left - beaten
        winners += breaker.most(unbeaten, min(len(unbeaten), seats - len(winners)), "elect")
        left -= unbeaten
    only = Round(
        kind="pairwise",
        tallies={option: len(better[option]) for option in counts.names},
        elected=tuple(winners),
        elected_by="beatpath" if winners else "",
        ties=breaker.taken(),
    )
    return Result(
        method=Method.SCHULZE,
        names=counts.names,
        seats=seats,
        winners=tuple(winners),
        ballots=counts.ballots,
        abstentions=counts.abstentions,
        void=counts.void,
        rounds=(only,),
        rules=options,
        seed=seed,
        pairwise=pairwise,
        strengths=paths,
    )
