"""What operators do to a service from the command line, on its own database."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.core.consumer import Consumer
from services.core.kit import Kit, Shared
from services.core.service import Service
from services.core.settings import CoreSettings, load

_PARKED = text("SELECT event_id, source, kind, error, parked_at FROM parked ORDER BY parked_at")


async def list_parked(service: Service[Any], settings: CoreSettings) -> list[dict[str, str]]:
    """Return a service's parked events, oldest first, without their content."""
    shared = Shared(settings)
    kit: Kit[Any] = Kit(service.name, load(service.settings, service.name), shared)
    try:
        async with kit.db.reading() as session:
            rows = await session.execute(_PARKED)
            return [{key: str(value) for key, value in row.items()} for row in rows.mappings()]
    finally:
        await kit.db.close()
        await shared.close()


async def replay_parked(service: Service[Any], settings: CoreSettings, event_id: UUID) -> bool:
    """Handle a parked event again; say whether it was there."""
    shared = Shared(settings)
    kit: Kit[Any] = Kit(service.name, load(service.settings, service.name), shared)
    consumer = Consumer(service.name, service.use_cases(kit), service.handlers, kit.db, shared.redis, "replay")
    try:
        return await consumer.replay(event_id)
    finally:
        await kit.db.close()
        await shared.close()
