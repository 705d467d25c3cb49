"""The relay: moves committed events from a service's outbox to its Redis Stream.

Several instances may run: rows are claimed with SKIP LOCKED. Delivery is at least once, since a crash between XADD
and commit sends a row again; consumers deduplicate. If Redis lost the stream, the marker beside it is
gone too, and every kept row is sent again.
"""

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.db import Database
from services.core.events import stream_of
from services.core.metrics import EVENTS_RELAYED

log = structlog.get_logger(__name__)

_BATCH = 200
_IDLE_SECONDS = 1.0
_STREAM_LENGTH = 200_000
_KEEP = timedelta(days=7)
_SWEEP_EVERY = 600

_CLAIM = """
SELECT position, event_id, kind, payload, trace FROM outbox
WHERE published_at IS NULL ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_MARK = "UPDATE outbox SET published_at = now() WHERE position = ANY($1::bigint[])"
_AGAIN = "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL"
_SWEEP = "DELETE FROM outbox WHERE published_at < now() - $1::interval"
_SWEEP_INBOX = "DELETE FROM inbox WHERE handled_at < now() - 2 * $1::interval"


class Relay:
    """One service's relay."""

    def __init__(self, service: str, db: Database, redis: Redis) -> None:
        self._service = service
        self._stream = stream_of(service)
        self._marker = f"{self._stream}:marker"
        self._db = db
        self._redis = redis
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        db.on_commit(self._wake.set)

    async def start(self) -> None:
        """Begin to relay."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop after the batch under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        rounds = 0
        while True:
            self._wake.clear()
            try:
                while await self._relay_batch():
                    pass
                if rounds % _SWEEP_EVERY == 0:
                    await self._sweep()
                rounds += 1
            except (RedisError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as exc:
                log.warning("relay_failed", service=self._service, error=type(exc).__name__)
                await asyncio.sleep(_IDLE_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)

    async def _relay_batch(self) -> bool:
        """Send one batch; say whether there was anything."""
        pool = await self._db.pool()
        if await self._redis.set(self._marker, b"1", nx=True):
            await pool.execute(_AGAIN)
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_CLAIM, _BATCH)
            if not rows:
                return False
            pipe = self._redis.pipeline(transaction=False)
            for row in rows:
                event_id: UUID = row["event_id"]
                pipe.xadd(
                    self._stream,
                    {
                        b"id": event_id.bytes,
                        b"kind": row["kind"],
                        b"data": row["payload"],
                        b"trace": row["trace"],
                    },
                    maxlen=_STREAM_LENGTH,
                    approximate=True,
                )
            await pipe.execute()
            await connection.execute(_MARK, [row["position"] for row in rows])
        EVENTS_RELAYED.labels(self._service).inc(len(rows))
        return True

    async def _sweep(self) -> None:
        pool = await self._db.pool()
        await pool.execute(_SWEEP, _KEEP)
        await pool.execute(_SWEEP_INBOX, _KEEP)
