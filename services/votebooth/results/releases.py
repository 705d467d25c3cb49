"""Steps under a minimum: while a poll with a minimum of k is open, its counts are shown as of a release.

If each ballot showed at once, whoever looks before and after a ballot would read it off the difference, and
the minimum would protect the first k voters only. So the counts that are shown stand still until they would
differ by a step; the difference between two releases is then the sum of at least k changes.

What this doesn't do: the last step, from the last release to the final result, may be smaller, since a
result that leaves ballots out would be wrong; a poll that can't bear that shows its results after its close.
And who casts k - 1 ballots himself knows the k-th; no minimum helps where voters can be made up.

The list of receipts moves with the counts: it is kept as of the release. To find what has changed in it, all
ballots are read, which nothing else here needs; so it is kept of polls with up to `MOST_LISTED` ballots, and of
larger ones there is a list when they are over.

A release is a row, written under the row's lock by whichever process first sees that one is due, so all
processes show the same, also after a restart.
"""

MOST_LISTED = 10_000
"""Ballots of an open poll with a minimum whose receipts are listed; to read so many takes a tenth of a second."""


def step_of(minimum: int, ballots: int) -> int:
    """Return by how many ballots two releases differ at least.

    Args:
        minimum: The poll's minimum.
        ballots: Ballots that count now. From one hundred minimums on a step is a hundredth of them: nobody
            sees a smaller one, and each release of a ranked poll copies its patterns.
    """
    return max(minimum, ballots // 100)


def is_due(minimum: int, ballots: int, released: int | None) -> bool:
    """Say whether a release should be tried.

    Args:
        minimum: The poll's minimum, 2 or more.
        ballots: Ballots that count now.
        released: Ballots of the last release; None if there was none.
    """
    if ballots < minimum:
        return False
    return released is None or abs(ballots - released) >= step_of(minimum, ballots)
