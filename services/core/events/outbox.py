"""Events: facts that a service tells the others, at least once.

`publish` writes the event to the service's `outbox` in the transaction of what it tells of. The relay
(`relay.py`) moves it to a Redis Stream, consumers (`consumer.py`) read it from there.

Order: events of one thing are sent in the order of its changes, if each transaction locks the thing (any
UPDATE does) before it publishes. They may still arrive out of order, where a service has several instances or an
event was parked and replayed; so they carry a growing `version`, and what is older than known is left out.
"""

from typing import ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

from services.core.data.database import PUBLISHED
from services.core.ids import new_id
from services.core.observe.trace import current_trace


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact. A publisher's struct has all fields, a consumer's those it needs; `KIND` joins the two.

    `VERSION` is the publisher's, of its fields: it grows when one is taken away or gets another type.
    """

    KIND: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1


_INSERT = text("INSERT INTO outbox (event_id, kind, payload, trace) VALUES (:id, :kind, :payload, :trace)")


async def publish(session: AsyncSession | async_scoped_session[AsyncSession], event: Event) -> UUID:
    """Write an event to the outbox, within the caller's transaction; return its id."""
    event_id = new_id()
    session.info[PUBLISHED] = True
    payload = msgspec.json.encode(event)
    await session.execute(_INSERT, {"id": event_id, "kind": event.KIND, "payload": payload, "trace": current_trace()})
    return event_id


def stream_of(service: str) -> str:
    """Return the Redis Stream that carries a service's events."""
    return f"votewave:events:{service}"


def marker_of(stream: str) -> str:
    """Return the key beside a stream without which its publisher sends all again."""
    return f"{stream}:marker"
