"""The relay: moves committed events from a service's outbox to its Redis Stream.

With several instances one sends at a time (an advisory lock in Postgres), so that a stream keeps the outbox's
order; any of them takes over at once when that one is gone. Delivery is at least once, since a crash between
XADD and commit sends a batch again; consumers deduplicate.

Redis may lose a stream, all of it (a flush, a restart without files) or its newest part (a replica that was
behind takes over). A marker beside the stream tells: gone with all the rest, or left by another server. Then
the outbox sends again what it keeps, or what it sent last.

A stream is a window of so many bytes. When it is full, its oldest events make room as soon as everybody who is reading
has handled them; who isn't reading misses them, and asks for them again (`consumer.py`). Until then events wait in the
outbox.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from asyncpg.pool import PoolConnectionProxy
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from services.core.data.database import Database
from services.core.events.outbox import marker_of, stream_of
from services.core.observe.metrics import EVENTS_RELAYED
from services.core.tasks import end

log = structlog.get_logger(__name__)

_BATCH = 200
_RETRY_SECONDS = 1.0
_IDLE_SECONDS = 2.0
"""A commit of its own process wakes a relay; other processes' commits, and what Redis has lost, wait for so long."""
_BATCH_BYTES = 1_000_000
_STREAM_BYTES = 8_000_000
"""What a stream takes of Redis's memory at most. Ten services' streams are well below what the smallest Redis has."""
_KEPT_BYTES = _STREAM_BYTES * 5 // 8
_READING_MS = 30_000
"""A consumer that has asked for events within this time is reading; it asks every second."""
KEEP = timedelta(days=7)
"""For so long an outbox keeps what it has sent, and may send it again."""
_UNSURE = timedelta(minutes=10)
_SWEEP_SECONDS = 600.0
_LOST = b"lost"

_WAITING = "SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('votewave relay ' || $1, 0))"
# As many as there may be, but for the first one not more than so many bytes.
_CLAIM = """
SELECT position, event_id, kind, payload, trace, waiting FROM (
    SELECT first.*, count(*) OVER () AS waiting, sum(octet_length(payload)) OVER (ORDER BY position) AS bytes FROM (
        SELECT position, event_id, kind, payload, trace FROM outbox
        WHERE published_at IS NULL ORDER BY position LIMIT $1
    ) AS first
) AS summed
WHERE bytes - octet_length(payload) <= 0 OR bytes <= $2 ORDER BY position
"""
_MARK = "UPDATE outbox SET published_at = now() WHERE position = ANY($1::bigint[])"
_AGAIN = "UPDATE outbox SET published_at = NULL WHERE published_at > now() - $1::interval"
_SWEEP = "DELETE FROM outbox WHERE created_at < now() - $1::interval AND published_at < now() - $1::interval"
# Longer than the outbox keeps what it may send again.
_SWEEP_INBOX = "DELETE FROM inbox WHERE handled_at < now() - 2 * $1::interval"


class Relay:
    """One service's relay."""

    def __init__(self, service: str, db: Database, redis: Redis) -> None:
        self._service = service
        self._stream = stream_of(service)
        self._marker = marker_of(self._stream)
        self._db = db
        self._redis = redis
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        db.on_commit(self._wake.set)

    async def start(self) -> None:
        """Begin to relay."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop. Events that were sent but not yet marked are sent again by the next relay."""
        await end(self._task)

    async def _run(self) -> None:
        sweep_at = time.monotonic()
        while True:
            self._wake.clear()
            try:
                while await self._relay_batch():
                    pass
                if time.monotonic() >= sweep_at:
                    await self._sweep()
                    sweep_at = time.monotonic() + _SWEEP_SECONDS
            except OutOfMemoryError:
                log.warning("redis_full", service=self._service)
                await self._give_way()
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as exc:  # noqa: BLE001  (the relay must go on whatever failed; nothing would restart it)
                log.warning("relay_failed", service=self._service, error=type(exc).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._wake.wait()

    async def _relay_batch(self) -> bool:
        """Send one batch; say whether more is left."""
        await self._send_lost_again()
        if not await (await self._db.pool()).fetchval(_WAITING):
            return False
        async with self._alone() as connection:
            if not await self._has_room():
                return False
            rows = await connection.fetch(_CLAIM, _BATCH, _BATCH_BYTES)
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
                )
            await pipe.execute()
            await connection.execute(_MARK, [row["position"] for row in rows])
        EVENTS_RELAYED.labels(self._service).inc(len(rows))
        return len(rows) == _BATCH or len(rows) < rows[0]["waiting"]

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[PoolConnectionProxy]:
        """Keep the service's other relays from the stream for a transaction: what is seen of it stays true."""
        pool = await self._db.pool()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, self._service)
            yield connection

    async def _has_room(self) -> bool:
        """Say whether the stream takes another batch, after cutting off what isn't needed if it is full."""
        used = await self._redis.memory_usage(self._stream, samples=0) or 0
        if used + 2 * _BATCH_BYTES <= _STREAM_BYTES:  # what Redis needs for a batch isn't twice its payloads
            return True
        kept = await self._redis.xlen(self._stream) * _KEPT_BYTES // used
        if await self._needed() > kept:
            return False
        await self._redis.xtrim(self._stream, maxlen=kept, approximate=False)
        return True

    async def _needed(self) -> int:
        """Return how many of the newest events somebody who is reading hasn't handled yet."""
        needed, every = 0, await self._redis.xlen(self._stream)
        for group in await self._redis.xinfo_groups(self._stream):
            consumers = await self._redis.xinfo_consumers(self._stream, group["name"])
            if any(consumer["idle"] < _READING_MS for consumer in consumers):
                unread = every if group["lag"] is None else group["lag"]  # Redis can't always say how many
                needed = max(needed, unread + group["pending"])
        return needed

    async def _give_way(self) -> None:
        """Halve the stream, since Redis has no memory left for anybody: reading and cutting need none."""
        try:
            async with self._alone():
                half = await self._redis.xlen(self._stream) // 2
                await self._redis.xtrim(self._stream, maxlen=max(half, await self._needed()), approximate=False)
        except Exception as exc:  # noqa: BLE001  (the relay goes on whatever failed, and tries again)
            log.warning("relay_failed", service=self._service, error=type(exc).__name__)

    async def _send_lost_again(self) -> None:
        """Mark as unsent what Redis has lost or may have lost."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.info("replication")
        pipe.get(self._marker)
        about, marker = await pipe.execute(raise_on_error=False)
        if isinstance(marker, Exception):
            raise marker
        server = _server(about)
        if marker == server:
            return
        lost = marker in (None, _LOST)
        # A Redis that is full refuses this, before the outbox is changed: else it would be, again each second.
        await self._redis.set(self._marker, _LOST if lost else marker)
        pool = await self._db.pool()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = '5min'")  # a week of events
            done = await connection.execute(_AGAIN, KEEP * 2 if lost else _UNSURE)
        # After the commit: if this process dies in between, it is done once more, and not left out.
        await self._redis.set(self._marker, server)
        if not done.endswith(" 0"):
            log.warning("events_sent_again", service=self._service, events=int(done.rpartition(" ")[2]))

    async def _sweep(self) -> None:
        """Delete events that are too old to be needed."""
        pool = await self._db.pool()
        await pool.execute(_SWEEP, KEEP)
        await pool.execute(_SWEEP_INBOX, KEEP)
        # A group that is made anew reads the stream from its start: nothing that inboxes have forgotten.
        oldest = int((time.time() - KEEP.total_seconds()) * 1000)
        async with self._alone():
            await self._redis.xtrim(self._stream, minid=oldest, approximate=False)
            await self._has_room()


def _server(about: dict[str, Any] | Exception) -> bytes:
    """Return what tells a Redis server from another, of its INFO; a replica that takes over has another one."""
    if isinstance(about, dict) and "master_replid" in about:
        return str(about["master_replid"]).encode()
    if isinstance(about, Exception) and not isinstance(about, ResponseError):
        raise about
    return b"unknown"  # it isn't permitted here
