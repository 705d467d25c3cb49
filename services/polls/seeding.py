"""Published polls of a place that is filled for development."""

from typing import Any

import msgspec
from sqlalchemy import select

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
    return {
        "poll": poll.id,
        "actor": poll.owner,
        "act": "published",
        "role": "owner",
        "details": {"version": 1},
        "at": poll.published_at,
    }
