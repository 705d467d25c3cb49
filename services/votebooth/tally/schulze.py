"""The Schulze method: beatpaths over the pairwise matrix.

The strength of a path from one option to another is that of its weakest victory. An option whose
strongest path to another is stronger than the strongest path back is better than it; that relation
has no cycles, and who is beaten by none wins. With several seats the next in that order follow.

Source: M. Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
single-winner election method", Social Choice and Welfare 36 (2011), and arXiv:1804.02973.
"""

from __future__ import annotations

from collections.abc import Mapping

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

    Floyd and Warshall's algorithm, in time that grows with the cube of the options.
    """
    ids = tuple(options)
    paths = [[_strength(pairwise, a, b, strength) for b in ids] for a in ids]
    for via, onward in enumerate(paths):
        for start, row in enumerate(paths):
            width = row[via]
            if width and start != via:
                paths[start] = [
                    # comparisons instead of max and min: ten times faster
                    direct if direct >= width or direct >= link else width if width < link else link  # noqa: FURB136
                    for direct, link in zip(row, onward, strict=True)
                ]
    return {(a, b): paths[above][below] for above, a in enumerate(ids) for below, b in enumerate(ids) if a != b}


def _strength(pairwise: Pairwise, a: int, b: int, strength: Strength) -> int:
    wins, losses = pairwise.get((a, b), 0), pairwise.get((b, a), 0)
    if a == b or wins <= losses:
        return 0
    return wins - losses if strength is Strength.MARGINS else wins


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
        abstained=counts.abstained,
        void=counts.void,
        rounds=(only,),
        rules=options,
        seed=seed,
        pairwise=pairwise,
        strengths=paths,
    )
