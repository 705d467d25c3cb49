"""Acts on polls: each holds the poll, and leaves a version, a line in the log and an event with the whole state.

What a use case calls within its transaction.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish as tell
from services.core.identity.subject import Role, Subject
from services.core.problems import not_found, not_the_owner
from services.polls import definition as definitions
from services.polls import shape
from services.polls.models import Poll
from services.polls.repository import AuditRepository, PollRepository


async def lock_owned(session: AsyncSession, subject: Subject, poll_id: UUID, *others: Role) -> tuple[Poll, datetime]:
    """Lock the subject's own poll for the transaction; return it and the moment after it was locked.

    Args:
        session: The use case's transaction.
        subject: Who asks.
        poll_id: The poll.
        others: Roles that may do it to others' published polls as well.

    Raises:
        Problem: 403, 404.
    """
    subject.require_user()
    polls = PollRepository(session)
    poll = await polls.lock(subject.id, poll_id, moderates=subject.role in others)
    if poll is None:
        raise not_found("poll")
    if poll.owner != subject.id and subject.role not in others:
        raise not_the_owner()
    return poll, await polls.clock()


def touch(poll: Poll, now: datetime) -> None:
    """Give a changed poll its next version."""
    poll.version += 1
    poll.updated_at = now


def wipe(poll: Poll, now: datetime) -> None:
    """Have a published poll be gone for everybody.

    What is kept has no texts but its title: nobody sees them again, and no quota would count them.
    """
    poll.deleted_at = now
    poll.description, poll.notes = "", []
    poll.options = [{**option, "label": "", "description": "", "link": None} for option in poll.options]


async def publish(session: AsyncSession, subject: Subject, poll: Poll, now: datetime) -> None:
    """Publish a draft, whose version is the one that others see first.

    Raises:
        Problem: 422 if its end is past.
    """
    poll.opens_at = now if poll.opens_at is None else max(poll.opens_at, now)
    definitions.check_times(now, poll.opens_at, poll.closes_at)
    poll.published_at = poll.updated_at = now
    await _write(session, subject, poll, now, "published", {})


async def change(
    session: AsyncSession,
    subject: Subject,
    poll: Poll,
    now: datetime,
    act: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Write a published poll's change."""
    touch(poll, now)
    await _write(session, subject, poll, now, act, details or {})


async def _write(
    session: AsyncSession, subject: Subject, poll: Poll, now: datetime, act: str, details: dict[str, Any]
) -> None:
    role = "owner" if poll.owner == subject.id else str(subject.role)
    details = {"version": poll.version, **details}
    await AuditRepository(session).record(act, subject.id, details, poll=poll.id, at=now, role=role)
    await tell(session, shape.told(poll))
