"""Every SQL statement of Polls. Who may see a row is part of the statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.polls.methods import Eligibility, Status
from services.polls.models import Audit, IdempotencyKey, Poll

_MOMENTS_AT_ONCE = 200
_PUBLIC = (Eligibility.ANYONE, Eligibility.SIGNED_IN)

_now = func.statement_timestamp()
_ends = func.coalesce(Poll.closed_at, Poll.closes_at)
_listed = and_(Poll.published_at.is_not(None), Poll.deleted_at.is_(None))
_to_open = and_(_listed, Poll.opened_event_at.is_(None), Poll.opens_at <= _now)
_to_close = and_(_listed, Poll.closed_event_at.is_(None), Poll.opened_event_at.is_not(None), _ends <= _now)


def visible(viewer: UUID | None) -> ColumnElement[bool]:
    """Polls that a subject may know of: what is published, and their own drafts."""
    published = Poll.published_at.is_not(None)
    mine = or_(published, Poll.owner == viewer) if viewer is not None else published
    return and_(Poll.deleted_at.is_(None), mine)


def status_is(status: Status) -> ColumnElement[bool]:
    """Polls that have a status at the statement's moment; the same rule as `status.status_of`."""
    published = Poll.published_at.is_not(None)
    kept = and_(published, Poll.archived_at.is_(None))
    running = and_(kept, func.coalesce(_ends > _now, True))
    return {
        Status.DRAFT: Poll.published_at.is_(None),
        Status.SCHEDULED: and_(running, Poll.opens_at > _now),
        Status.OPEN: and_(running, Poll.opens_at <= _now),
        Status.CLOSED: and_(kept, _ends <= _now),
        Status.ARCHIVED: and_(published, Poll.archived_at.is_not(None)),
    }[status]


async def clock(session: AsyncSession) -> datetime:
    """Return the database's time now, not the transaction's: a lock may have been waited for."""
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now


_HEAD = (
    Poll.id,
    Poll.version,
    Poll.updated_at,
    Poll.published_at,
    Poll.opens_at,
    Poll.closes_at,
    Poll.closed_at,
    Poll.archived_at,
)
_CARD = (*_HEAD, Poll.owner, Poll.code, Poll.title, Poll.method, Poll.anonymous, Poll.created_at)


async def head(
    session: AsyncSession, viewer: UUID | None, *, poll_id: UUID | None = None, code: str | None = None
) -> Row[Any] | None:
    """Return a poll's version and times and the moment `now`, found by its id or its code."""
    found = Poll.id == poll_id if poll_id is not None else Poll.code == code
    return (await session.execute(select(*_HEAD, _now.label("now")).where(found, visible(viewer)))).first()


async def whole(session: AsyncSession, viewer: UUID | None, poll_id: UUID) -> tuple[Poll, datetime] | None:
    """Return a poll and the moment."""
    row = (await session.execute(select(Poll, _now).where(Poll.id == poll_id, visible(viewer)))).first()
    return (row[0], row[1]) if row is not None else None


async def published(session: AsyncSession, poll_id: UUID) -> Poll | None:
    """Return a poll that was published, deleted or not."""
    statement = select(Poll).where(Poll.id == poll_id, Poll.published_at.is_not(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def held(session: AsyncSession, viewer: UUID, poll_id: UUID) -> Poll | None:
    """Return a poll and hold it against others' changes until the transaction ends."""
    statement = select(Poll).where(Poll.id == poll_id, visible(viewer)).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def add(session: AsyncSession, values: dict[str, Any]) -> Poll | None:
    """Add a poll; None if its code is taken."""
    statement = insert(Poll).values(**values).on_conflict_do_nothing(index_elements=["code"]).returning(Poll)
    return (await session.execute(statement)).scalar_one_or_none()


async def remove(session: AsyncSession, poll_id: UUID) -> None:
    """Remove a draft, which nobody else has seen."""
    await session.execute(delete(Poll).where(Poll.id == poll_id, Poll.published_at.is_(None)))


async def page(
    session: AsyncSession,
    *,
    owner: UUID | None,
    status: Status | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return published polls, the newest first; archived ones only if that is asked for.

    Polls for a roll or for holders of tokens are left out: those who were invited have the link.
    """
    statement = select(*_CARD, _now.label("now")).where(_listed, Poll.eligibility.in_(_PUBLIC))
    if owner is not None:
        statement = statement.where(Poll.owner == owner)
    statement = statement.where(status_is(status) if status is not None else Poll.archived_at.is_(None))
    if after is not None:
        statement = statement.where(tuple_(Poll.published_at, Poll.id) < after)
    statement = statement.order_by(Poll.published_at.desc(), Poll.id.desc()).limit(limit)
    return (await session.execute(statement)).all()


async def page_of_mine(
    session: AsyncSession, owner: UUID, *, status: Status | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Return somebody's own polls, drafts too, the latest begun first."""
    statement = select(*_CARD, _now.label("now")).where(Poll.owner == owner, Poll.deleted_at.is_(None))
    if status is not None:
        statement = statement.where(status_is(status))
    if after is not None:
        statement = statement.where(Poll.id < after)
    return (await session.execute(statement.order_by(Poll.id.desc()).limit(limit))).all()


async def claim(
    session: AsyncSession, owner: UUID, key: str, body_hash: bytes, poll: UUID, expires_at: datetime
) -> IdempotencyKey | None:
    """Take an idempotency key for a new poll; None says it is taken now.

    Another transaction that has just taken it is waited for. What has expired is taken over.
    """
    new = insert(IdempotencyKey).values(owner=owner, key=key, body_hash=body_hash, poll=poll, expires_at=expires_at)
    statement = new.on_conflict_do_update(
        index_elements=["owner", "key"],
        set_={"body_hash": body_hash, "poll": poll, "expires_at": expires_at},
        where=IdempotencyKey.expires_at <= _now,
    ).returning(IdempotencyKey.poll)
    if (await session.execute(statement)).first() is not None:
        return None
    return (
        await session.execute(select(IdempotencyKey).where(IdempotencyKey.owner == owner, IdempotencyKey.key == key))
    ).scalar_one()


async def forget_keys(session: AsyncSession) -> None:
    """Drop the idempotency keys that have expired."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= _now))


async def record(
    session: AsyncSession, poll: UUID, at: datetime, actor: UUID, role: str, act: str, details: dict[str, Any]
) -> None:
    """Add an act to the audit log."""
    await session.execute(insert(Audit).values(poll=poll, at=at, actor=actor, role=role, act=act, details=details))


async def log(session: AsyncSession, poll: UUID, *, after: int | None, limit: int) -> Sequence[Audit]:
    """Return a poll's acts, the latest first."""
    statement = select(Audit).where(Audit.poll == poll)
    if after is not None:
        statement = statement.where(Audit.position < after)
    return (await session.execute(statement.order_by(Audit.position.desc()).limit(limit))).scalars().all()


async def moments_wait(session: AsyncSession) -> bool:
    """Say whether a poll has opened or closed without its being told."""
    due = or_(select(Poll.id).where(_to_open).exists(), select(Poll.id).where(_to_close).exists())
    return bool((await session.execute(select(due))).scalar_one())


# No poll is loaded beside, so that there is nothing to keep in step.
_AS_IS = {"synchronize_session": False}
_TOLD = (Poll.id, Poll.owner, Poll.title, Poll.opens_at, _ends.label("ended_at"))


async def take_openings(session: AsyncSession) -> Sequence[Row[Any]]:
    """Mark polls that have opened as told and return them; another instance gets others."""
    due = select(Poll.id).where(_to_open).limit(_MOMENTS_AT_ONCE).with_for_update(skip_locked=True)
    statement = update(Poll).where(Poll.id.in_(due)).values(opened_event_at=_now).returning(*_TOLD)
    return (await session.execute(statement, execution_options=_AS_IS)).all()


async def take_closings(session: AsyncSession) -> Sequence[Row[Any]]:
    """Mark polls that have closed as told and return them; another instance gets others."""
    due = select(Poll.id).where(_to_close).limit(_MOMENTS_AT_ONCE).with_for_update(skip_locked=True)
    statement = update(Poll).where(Poll.id.in_(due)).values(closed_event_at=_now).returning(*_TOLD)
    return (await session.execute(statement, execution_options=_AS_IS)).all()
