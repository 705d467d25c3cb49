"""The rank of what is at somebody's home: what is new, of those whom they follow, and not all of it of one person.

    score = 0.5 ^ (age / 24 hours) × standing × 0.7 ^ (how many of the same person's stand before it)

where `standing` is 1 for those whom the reader follows and 0.6 for what tags bring, a quarter of that for those of whom
they want to see less. An author's own entries stand in the order of time.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

MOST_RANKED = 400
"""So many of the newest are ranked; what is older comes after them, by time."""

_HALF_LIFE = 24 * 3600
_BY_TAG = 0.6
_LESS = 0.25
_NEXT = 0.7


def ranked(rows: Sequence[Any], now: datetime) -> list[UUID]:
    """Return entries, and Ripples, in the order of their rank.

    Args:
        rows: `thing`, `by`, `at`, `followed` and `less` of each, the newest first.
        now: The moment of the order.
    """
    before = Counter[UUID]()
    scores: list[tuple[float, int, UUID]] = []
    for place, row in enumerate(rows):
        age = max(0.0, (now - row.at).total_seconds())
        standing = (1 if row.followed else _BY_TAG) * (_LESS if row.less else 1)
        scores.append((-(0.5 ** (age / _HALF_LIFE)) * standing * _NEXT ** before[row.by], place, row.thing))
        before[row.by] += 1
    return [thing for _, _, thing in sorted(scores)]
