"""Who is eliminated in a round of IRV or STV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.votebooth.tally.ballots import Strict
from services.votebooth.tally.model import MAX_TRANSFER_OPTIONS, Elimination, Number, TallyError
from services.votebooth.tally.ties import Breaker


def refuse_too_many(ballots: Iterable[Strict]) -> None:
    """Refuse a count with so many options in the running that its report would have no end.

    Raises:
        TallyError: More than `MAX_TRANSFER_OPTIONS` options have a first preference.
    """
    firsts = len({line[0] for line in ballots})
    if firsts > MAX_TRANSFER_OPTIONS:
        raise TallyError(
            f"counts in rounds take at most {MAX_TRANSFER_OPTIONS} options with first preferences; there are {firsts}"
        )


def lowest(tallies: Mapping[int, Number], at_most: int, breaker: Breaker, rule: Elimination) -> tuple[int, ...]:
    """Return the options to eliminate, fewest votes first.

    Options without a vote leave together, since nothing moves and the next elimination would meet the
    same standing. Otherwise the lowest leaves, or with `Elimination.BATCH` the longest run of lowest
    options whose votes together are fewer than the next option's: none of them could catch up.

    Args:
        tallies: Votes of the continuing options, two or more.
        at_most: How many may leave: enough must stay to fill the seats.
        breaker: Breaks ties and records them.
        rule: Single or batch.
    """
    ranked = list(reversed(breaker.ranked(tallies, tallies)))
    if rule is Elimination.BATCH:
        run = _safe_run([tallies[option] for option in ranked], at_most)
        if run > 1:
            return tuple(ranked[:run])
    fewest = tallies[ranked[0]]
    tied = [option for option in ranked if tallies[option] == fewest]
    wanted = min(at_most, len(tied)) if fewest == 0 else 1
    if len(tied) == wanted:
        return tuple(tied)
    return tuple(breaker.fewest(tied, wanted, "eliminate"))


def _safe_run(votes: list[Number], at_most: int) -> int:
    """Return the longest run of lowest tallies, `votes` ascending, that together stay below the next."""
    run = 0
    together: Number = 0
    for index in range(min(at_most, len(votes) - 1)):
        together += votes[index]
        if together < votes[index + 1]:
            run = index + 1
    return run
