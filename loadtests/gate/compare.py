"""Compares canaries with stable instances that were measured in the same run.

Two instances of one version differ by little, whatever the machine does; two machines differ by a factor. So the canary
is judged by its peers: answers to the same kind of request within the same few seconds are ranked together (a
Mann–Whitney test), and the strata's rank sums are added up, weighted as by van Elteren (1960), "On the combination of
independent two sample tests of Wilcoxon". What slows both, such as other work on the machine, moves both.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from loadtests.gate.plan import Answered

WINDOW_SECONDS = 5.0
"""Answers that lie further apart aren't compared."""


class Comparison(Struct, frozen=True):
    """What differs between canary and stable.

    Attributes:
        canaries, stables: Answers that were compared.
        slower_ms: By how much the canary's median is above the stable instances', over all strata; negative if below.
        chance: How likely the canaries' ranks are, or higher ones, if canaries are slower by no more than is allowed.
    """

    canaries: int
    stables: int
    slower_ms: float
    chance: float


def compare(tested: Iterable[Answered], allowed_ms: float) -> Comparison:
    """Compare latencies.

    Args:
        tested: Answers of the tested service.
        allowed_ms: By how much canaries may be slower: the smallest difference that matters.
    """
    strata: dict[tuple[str, int], tuple[list[float], list[float]]] = {}
    for each in tested:
        sides = strata.setdefault((each.name, int(each.at // WINDOW_SECONDS)), ([], []))
        sides[not each.canary].append(each.ms)
    canaries = stables = 0
    excess = variance = shift = weights = 0.0
    for canary, stable in strata.values():
        if not canary or not stable:
            continue
        canaries += len(canary)
        stables += len(stable)
        above, spread = rank_sum([ms - allowed_ms for ms in canary], stable)
        weight = 1 / (len(canary) + len(stable) + 1)
        excess += weight * above
        variance += weight * weight * spread
        many = len(canary) * len(stable) / (len(canary) + len(stable))
        shift += many * (median(canary) - median(stable))
        weights += many
    # With all values alike there is nothing to rank.
    chance = 0.5 * math.erfc(excess / math.sqrt(2 * variance)) if variance else 1.0
    return Comparison(canaries, stables, shift / weights if weights else 0.0, chance)


def rank_sum(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return by how much the first's sum of ranks is above what is expected of equals, and the variance of that.

    Equal values get the mean of their ranks, and lower the variance.
    """
    count = len(first) + len(second)
    times = Counter(first)
    times.update(second)
    ranks, passed, ties = {}, 0, 0
    for value in sorted(times):
        many = times[value]
        ranks[value] = passed + (many + 1) / 2
        passed += many
        ties += many**3 - many
    above = sum(ranks[value] for value in first) - len(first) * (count + 1) / 2
    spread = len(first) * len(second) / 12 * (count + 1 - ties / (count * (count - 1)))
    return above, spread
