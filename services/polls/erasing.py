"""What becomes of the polls of a deleted account.

Who has voted keeps what they have voted in: a poll that has opened stays, closed now at the latest, with nobody as its
owner. What nobody could vote in yet goes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core import circles
from services.core.events.outbox import publish as tell
from services.core.ids import NOBODY
from services.core.personal import AT_ONCE
from services.polls import acts, shape
from services.polls.events import DraftDeleted
from services.polls.methods import Status
from services.polls.models import Follow, IdempotencyKey, Poll
from services.polls.repository import AuditRepository, KeyRepository, PollRepository
from services.polls.status import status_of


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Erase or leave to nobody some polls of an account; say whether there may be more."""
    polls = PollRepository(session)
    some = await polls.lock_some_of(account, AT_ONCE)
    now = await polls.clock()
    for poll in some:
        if poll.published_at is None:
            await session.delete(poll)
            await tell(session, DraftDeleted(poll=poll.id))
        else:
            await _leave(session, account, poll, now)
    await KeyRepository(session).delete_where(IdempotencyKey.owner == account)
    await circles.forget(session, account, Follow)
    return bool(some)


async def _leave(session: AsyncSession, account: UUID, poll: Poll, now: datetime) -> None:
    status = status_of(poll, now)
    if status is Status.SCHEDULED and poll.deleted_at is None:
        acts.wipe(poll, now)
    elif status is Status.OPEN:
        poll.closed_at = now
    poll.owner = NOBODY
    acts.touch(poll, now)
    details = {"version": poll.version}
    await AuditRepository(session).record("left", account, details, poll=poll.id, at=now, role="owner")
    await tell(session, shape.told(poll))
