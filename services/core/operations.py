"""What operators do to a service from the command line, on its own database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.core.events.consumer import Consumer
from services.core.kit import Kit, Shared
from services.core.service import Service
from services.core.settings import CoreSettings, load

_PARKED = text("SELECT event_id, source, kind, error, parked_at FROM parked ORDER BY parked_at")


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
