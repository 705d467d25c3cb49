"""Events: facts that a service tells the others, at least once and in order of their transactions.

`publish` writes the event to the service's `outbox` in the transaction of what it tells of. The relay
(`relay.py`) moves it to a Redis Stream, consumers (`consumer.py`) read it from there.
"""

from typing import ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.ids import new_id
from services.core.trace import current_trace


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact. A publisher's struct has all fields, a consumer's those it needs; `KIND` joins the two.

    Events of one thing carry a growing `version`, so that a consumer can leave out what is older than
    what it knows.
    """

    KIND: ClassVar[str] = ""


_INSERT = text("INSERT INTO outbox (event_id, kind, payload, trace) VALUES (:id, :kind, :payload, :trace)")


async def publish(transaction: AsyncSession, event: Event) -> UUID:
    """Write an event to the outbox, within the caller's transaction; return its id."""
    event_id = new_id()
    payload = msgspec.json.encode(event)
    await transaction.execute(
        _INSERT, {"id": event_id, "kind": event.KIND, "payload": payload, "trace": current_trace()}
    )
    return event_id


def stream_of(service: str) -> str:
    """Return the Redis Stream that carries a service's events."""
    return f"votewave:events:{service}"
