"""What operators do to a service from the command line, on its own database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from sqlalchemy import text

from services.core.events.consumer import Consumer
from services.core.events.outbox import stream_of
from services.core.kit import Kit, Shared
from services.core.service import Service
from services.core.settings import CoreSettings, load

_PARKED = text("SELECT event_id, source, kind, error, parked_at FROM parked ORDER BY parked_at")

_PARKED_BY_SOURCE = text("SELECT source, count(*) AS events FROM parked GROUP BY source")
_UNSENT = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")


@asynccontextmanager
async def operating(service: Service[Any], settings: CoreSettings) -> AsyncIterator[Kit[Any]]:
    """Give a service's kit for the length of one command."""
    shared = Shared(settings)
    kit: Kit[Any] = Kit(service.name, load(service.settings, service.name), shared)
    try:
        yield kit
    finally:
        await kit.db.close()
        await shared.close()


async def list_parked(service: Service[Any], settings: CoreSettings) -> list[dict[str, str]]:
    """Return a service's parked events, oldest first, without their content."""
    async with operating(service, settings) as kit, kit.db.reading() as session:
        rows = await session.execute(_PARKED)
        return [{key: str(value) for key, value in row.items()} for row in rows.mappings()]


class Lag(msgspec.Struct, frozen=True):
    """How far a service is behind one publisher.

    Attributes:
        consumer: Who reads.
        publisher: Who tells.
        unsent: Events that wait in the publisher's outbox.
        behind: Events on the stream that the consumer hasn't handled yet; None where Redis can't say how many.
        oldest: Since how many seconds the oldest of these is on the stream; 0 if there is none.
        parked: Events of this publisher that couldn't be handled.
    """

    consumer: str
    publisher: str
    unsent: int
    behind: int | None
    oldest: float
    parked: int


async def lags(
    services: Sequence[Service[Any]], publishers: Mapping[str, Service[Any]], settings: CoreSettings
) -> list[Lag]:
    """Return how far services are behind those whom they hear.

    Args:
        services: Who reads.
        publishers: Every service, by name.
        settings: Those of the place.
    """
    unsent: dict[str, int] = {}
    found = []
    for service in services:
        async with operating(service, settings) as kit:
            async with kit.db.reading() as session:
                parked = {row.source: row.events for row in await session.execute(_PARKED_BY_SOURCE)}
            for name in sorted({handler.source for handler in service.handlers}):
                if name not in unsent:
                    unsent[name] = await _unsent(publishers[name], settings)
                behind, oldest = await _behind(kit.shared.redis, stream_of(name), service.name)
                found.append(Lag(service.name, name, unsent[name], behind, oldest, parked.get(stream_of(name), 0)))
    return found


async def _unsent(publisher: Service[Any], settings: CoreSettings) -> int:
    async with operating(publisher, settings) as kit, kit.db.reading() as session:
        return int((await session.execute(_UNSENT)).scalar_one())


async def _behind(redis: Redis, stream: str, group: str) -> tuple[int | None, float]:
    """Return how many events of a stream a group hasn't handled, and for how many seconds the oldest has waited."""
    try:
        groups = await redis.xinfo_groups(stream)
    except ResponseError:  # nothing was ever told
        return 0, 0.0
    about = next((one for one in groups if one["name"] == group.encode()), None)
    lag = await redis.xlen(stream) if about is None else about["lag"]
    pending: Any = {"pending": 0, "min": None} if about is None else await redis.xpending(stream, group)
    first: Any = pending["min"]
    if first is None and lag != 0:
        after = "-" if about is None else b"(" + about["last-delivered-id"]
        unread = await redis.xrange(stream, min=after, count=1)
        first = unread[0][0] if unread else None
    if first is None:
        return 0, 0.0
    seconds, micros = await redis.time()
    oldest = max(0.0, seconds + micros / 1e6 - int(first.partition(b"-")[0]) / 1e3)
    return None if lag is None else lag + pending["pending"], round(oldest, 1)


class ReplayError(Exception):
    """An event's handler raised again; the message is what kind of error that was."""


async def replay_parked(service: Service[Any], settings: CoreSettings, event_id: UUID) -> bool:
    """Handle a parked event again; say whether it was there.

    Raises:
        ReplayError: It can't be handled, and stays parked.
    """
    async with operating(service, settings) as kit:
        use_cases = service.use_cases(kit)
        consumer = Consumer(service.name, use_cases, service.handlers, kit.db, kit.shared.redis, "replay")
        await kit.db.ping()  # a database that is away is no fault of the event
        await use_cases.start()
        try:
            return await consumer.replay(event_id)
        except Exception as exc:
            raise ReplayError(type(exc).__name__) from exc
        finally:
            await use_cases.stop()
