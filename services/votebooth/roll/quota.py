"""How many invitations an owner may have mailed in a day, in all polls together.

What was sent stands in the audit log, which nobody can change; so the quota outlives restarts and Redis.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.problems import FieldError, refused, too_many
from services.votebooth.roll import repository

DAY = timedelta(days=1)


async def spend(session: AsyncSession, owner: UUID, count: int, quota: int) -> None:
    """Return if an owner may have so many more invitations mailed; the caller puts them on record.

    Args:
        session: Of the invitations; a second one of this owner waits for its end.
        owner: Who invites.
        count: How many mails it would be.
        quota: How many an owner has in 24 hours.

    Raises:
        Problem: 422 if they are more than a day's, 429 with Retry-After if they are too many now.
    """
    if count > quota:
        message = f"{count} invitations are more than the {quota} that one account may send in a day."
        raise refused("invitations-over-quota", message, FieldError("addresses", message))
    sent, now = await repository.sent_since(session, owner, DAY)
    left = quota - sum(number for _, number in sent)
    if count > left:
        raise too_many(
            f"One account may send {quota} invitations in 24 hours; {max(left, 0)} are left.",
            (_free_at(sent, count - left) + DAY - now).total_seconds(),
        )


def _free_at(sent: list[tuple[datetime, int]], missing: int) -> datetime:
    """Return when that was sent whose day has to end first; the oldest stands first."""
    for at, number in sent:
        missing -= number
        if missing <= 0:
            return at
    return sent[-1][0]
