"""How many invitations an owner may have mailed in a day, in all polls together, and how many an address may get.

What an owner has sent stands in the audit log, which nobody can change; so that quota outlives restarts and Redis.
Accounts cost nothing, so those of one network have a quota together; and one address is spared whoever writes to it:
its owner may never have heard of VoteWave.
"""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.problems import FieldError, over_quota, refused, too_many
from services.core.redis.rate_limit import RateLimiter
from services.votebooth.roll import repository

DAY = timedelta(days=1)
_DAY_SECONDS = DAY.total_seconds()
_OWNERS = 4
"""So many owners can have one address mailed as often as it is in a day; none can alone."""


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


async def check_prepared(session: AsyncSession, owner: UUID, quota: int) -> None:
    """Return if the rolls of an owner's drafts have room for what was put there.

    They could all be published at the same moment, so together they hold a day's invitations at most.

    Raises:
        Problem: 429 `over-quota`.
    """
    if await repository.prepared(session, owner) > quota:
        raise over_quota(
            f"The rolls of your drafts may have {quota:,} addresses together. Publish or delete some drafts."
        )


async def spend_at(limits: RateLimiter, site: str, count: int, quota: int) -> None:
    """Count invitations that come from a network, whichever accounts send them.

    Args:
        limits: Counts, also for the other instances.
        site: The network, as limits count.
        count: How many mails it would be.
        quota: How many a network has in 24 hours.

    Raises:
        Problem: 429 with Retry-After.
    """
    decision = await limits.hit(f"invitations:at:{site}", quota, _DAY_SECONDS, min(count, quota))
    if not decision.allowed:
        raise too_many(f"One network may send {quota} invitations in 24 hours.", decision.retry_after)


async def wait_for(limits: RateLimiter, owner: UUID, address: str, quota: int) -> float:
    """Return for how many seconds a mail to an address has to wait; 0 says that it may leave, and counts it.

    One owner gets a share of what the address is mailed, or a stranger who has it mailed again and again would keep
    others' invitations away.

    Args:
        limits: Counts, also for the other instances.
        owner: Who invites.
        address: As `clean_address` returns it. Redis is given a hash of it.
        quota: How many mails an address gets in 24 hours, from all owners together.
    """
    name = hashlib.sha256(address.encode()).hexdigest()[:32]
    shares = ((f"invited:{name}:by:{owner}", max(1, quota // _OWNERS)), (f"invited:{name}", quota))
    # Both are looked at before either is counted, or what one of them refuses would use up the other.
    for key, share in shares:
        left = await limits.hit(key, share, _DAY_SECONDS, 0, patient=True)
        if left.remaining < 1:
            return max(1.0, left.reset_after - _DAY_SECONDS + _DAY_SECONDS / share)
    for key, share in shares:
        decision = await limits.hit(key, share, _DAY_SECONDS, patient=True)
        if not decision.allowed:
            return max(1.0, decision.retry_after)
    return 0.0


def _free_at(sent: list[tuple[datetime, int]], missing: int) -> datetime:
    """Return when that was sent whose day has to end first; the oldest stands first."""
    for at, number in sent:
        missing -= number
        if missing <= 0:
            return at
    return sent[-1][0]
