"""When a poll closes soon: the moment at which those are reminded who may want to vote yet."""

from datetime import datetime, timedelta

LONGEST = timedelta(days=1)
"""How long before its end people are reminded of a poll at most."""

SHORTEST = timedelta(minutes=15)
"""How long at least: a poll that is too short for it reminds nobody."""

SHARE = 4
"""Of a poll's time, a fourth is left then at most."""


def remind_at(opens_at: datetime, closes_at: datetime | None) -> datetime | None:
    """Return when people are reminded of a poll; None if they aren't."""
    if closes_at is None:
        return None
    ahead = min(LONGEST, (closes_at - opens_at) / SHARE)
    return closes_at - ahead if ahead >= SHORTEST else None
