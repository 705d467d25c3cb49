"""Published polls of a place that is filled for development."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from services.core.codes import new_code
from services.core.data.models import utc_now
from services.core.data.repository import add_missing
from services.core.identity.subject import Kind, Role, Subject
from services.core.seeding import Network, Tell, parts
from services.core.seeding import Poll as Wanted
from services.polls import definition as definitions
from services.polls import shape
from services.polls.creating import values
from services.polls.models import AuditEntry, Poll
from services.polls.repository import PollRepository
from services.polls.schemas import PollNew
from services.polls.service import Polls

_AT_ONCE = 500


async def seed_polls(polls: Polls, network: Network, tell: Tell) -> None:
    """Publish polls, as long ago as is wanted; they are open."""
    for some in parts(network.polls, _AT_ONCE):
        ids = [poll.id for poll in some]
        async with polls.kit.db.transaction() as session:
            known = set((await session.scalars(select(Poll.id).where(Poll.id.in_(ids)))).all())
            new = [poll for poll in some if poll.id not in known]
            await add_missing(session, Poll, [_row(poll) for poll in new])
            await add_missing(session, AuditEntry, [_published(poll) for poll in new])
            rows = (await session.scalars(select(Poll).where(Poll.id.in_(ids)))).all()
        await tell([shape.told(row) for row in rows], done=len(some))


async def seed_closings(polls: Polls, network: Network, tell: Tell) -> None:
    """Close polls now, in which all have voted; whoever is told of it in other places has known for long."""
    for some in parts((poll for poll in network.polls if poll.closed), _AT_ONCE):
        ids = [poll.id for poll in some]
        async with polls.kit.db.transaction() as session:
            now = await PollRepository(session).clock()
            values = {"closed_at": now, "closed_event_at": now, "updated_at": now, "version": Poll.version + 1}
            closed = update(Poll).where(Poll.id.in_(ids), Poll.closed_at.is_(None)).values(**values)
            new = (await session.execute(closed.returning(Poll.id, Poll.owner, Poll.version))).all()
            await add_missing(session, AuditEntry, [_act(row.id, row.owner, "closed", row.version, now) for row in new])
            rows = (await session.scalars(select(Poll).where(Poll.id.in_(ids)))).all()
        await tell([shape.told(row) for row in rows], done=len(some))


def _row(poll: Wanted) -> dict[str, Any]:
    """Return a poll's row, by the rules that hold for any request."""
    request = {"options": [{"label": label} for label in poll.options], "method": poll.method, "rules": poll.rules}
    body = msgspec.convert({"title": poll.title, "description": poll.description, **request}, PollNew)
    definition = definitions.checked(body)
    definitions.check_times(utc_now(), poll.published_at, poll.closes_at)
    at = poll.published_at
    owner = Subject(poll.owner, Kind.USER, Role.USER, poll.owner, frozenset(), 0)
    times = {"opens_at": at, "published_at": at, "opened_event_at": at, "closes_at": poll.closes_at}
    return {**values(definition, poll.id, owner, at), **times, "code": new_code()}


def _published(poll: Wanted) -> dict[str, Any]:
    """Return what the log says of it."""
    return _act(poll.id, poll.owner, "published", 1, poll.published_at)


def _act(poll: UUID, owner: UUID, act: str, version: int, at: datetime) -> dict[str, Any]:
    return {"poll": poll, "actor": owner, "act": act, "role": "owner", "details": {"version": version}, "at": at}
