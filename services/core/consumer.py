"""The consumer: reads other services' streams as a group, and handles each event once.

The handler's writes and the `inbox` row are one transaction, so a redelivered event finds its row and is
left out. An event whose handler keeps raising is parked: it no longer holds up the others, and an
operator lists and replays it (`votewave events`).
"""

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.db import Database, is_passing
from services.core.events import stream_of
from services.core.metrics import EVENTS_HANDLED
from services.core.service import Handler
from services.core.trace import begin_trace

log = structlog.get_logger(__name__)

_TRIES = 5
_BATCH = 64
_BLOCK_MS = 1000
_RETRY_SECONDS = 0.5
_CLAIM_IDLE_MS = 30_000
_CLAIM_EVERY = 15

_SEEN = text("INSERT INTO inbox (event_id) VALUES (:id) ON CONFLICT DO NOTHING RETURNING event_id")
_PARK = text(
    "INSERT INTO parked (event_id, source, kind, payload, trace, error)"
    " VALUES (:id, :source, :kind, :payload, :trace, :error) ON CONFLICT DO NOTHING"
)
_UNPARK = text("DELETE FROM parked WHERE event_id = :id RETURNING source, kind, payload, trace")
_FORGET = text("DELETE FROM inbox WHERE event_id = :id")

Fields = dict[bytes, bytes]


class Consumer:
    """One service's reading of the streams that its handlers name."""

    def __init__(
        self,
        service: str,
        use_cases: Any,
        handlers: Sequence[Handler[Any, Any]],
        db: Database,
        redis: Redis,
        instance: str,
    ) -> None:
        self._service = service
        self._use_cases = use_cases
        self._db = db
        self._redis = redis
        # The same after a restart, so that what was read and not acknowledged is taken up at once.
        self._name = f"{socket.gethostname()}-{instance}"
        self._handlers: dict[str, dict[str, list[Handler[Any, Any]]]] = defaultdict(lambda: defaultdict(list))
        for handler in handlers:
            self._handlers[stream_of(handler.source)][handler.event.KIND].append(handler)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to consume."""
        if self._handlers:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; what wasn't acknowledged is delivered again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        rounds = 0
        while True:
            try:
                if rounds % _CLAIM_EVERY == 0:
                    await self._ensure_groups()
                    if rounds == 0:
                        while await self._read("0"):
                            pass
                    await self._take_over()
                rounds += 1
                await self._read(">")
            except ResponseError as exc:
                if not str(exc).startswith(("NOGROUP", "UNBLOCKED")):
                    log.exception("consumer_failed", service=self._service)
                rounds = 0
                await asyncio.sleep(_RETRY_SECONDS)
            except (RedisError, OSError, TimeoutError, DBAPIError) as exc:
                log.warning("consumer_waits", service=self._service, error=type(exc).__name__)
                rounds = 0
                await asyncio.sleep(_RETRY_SECONDS)

    async def _read(self, start: str) -> bool:
        """Read and handle one batch: new messages (">") or those given to us before ("0")."""
        answer = await self._redis.xreadgroup(
            self._service, self._name, dict.fromkeys(self._handlers, start), _BATCH, _BLOCK_MS
        )
        batches = _by_stream(answer)
        for stream, messages in batches:
            await self._handle_all(stream, messages)
        return any(messages for _, messages in batches)

    async def _ensure_groups(self) -> None:
        for stream in self._handlers:
            with contextlib.suppress(ResponseError):  # BUSYGROUP: it is there
                await self._redis.xgroup_create(stream, self._service, id="0", mkstream=True)

    async def _take_over(self) -> None:
        """Handle what an instance that is gone has read and not acknowledged; our own failed tries too."""
        for stream in self._handlers:
            answer = await self._redis.xautoclaim(
                stream, self._service, self._name, min_idle_time=_CLAIM_IDLE_MS, count=_BATCH
            )
            await self._handle_all(stream, answer[1])

    async def _handle_all(self, stream: str, messages: Sequence[tuple[bytes, Fields]]) -> None:
        for message_id, fields in messages:
            if fields and fields[b"kind"].decode() in self._handlers[stream]:
                await self._handle(stream, fields)
            await self._redis.xack(stream, self._service, message_id)

    async def _handle(self, stream: str, fields: Fields) -> None:
        kind = fields[b"kind"].decode()
        begin_trace(f"00-{fields[b'trace'].decode() or '0' * 32}-{'0' * 15}1-01")
        attempt = 0
        while attempt < _TRIES:
            try:
                async with self._db.transaction() as transaction:
                    await self._apply(transaction, stream, kind, fields)
            except Exception as exc:  # noqa: BLE001  (whatever a handler raises is parked, never lost)
                if is_passing(exc):
                    # The database, not the event: wait for as long as it takes, in order.
                    log.warning("consumer_waits", service=self._service, error=type(exc).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                attempt += 1
                await self._failed(stream, kind, fields, attempt, exc)
            else:
                EVENTS_HANDLED.labels(self._service, kind, "ok").inc()
                return

    async def _apply(self, transaction: AsyncSession, stream: str, kind: str, fields: Fields) -> None:
        event_id = UUID(bytes=fields[b"id"])
        if (await transaction.execute(_SEEN, {"id": event_id})).first() is None:
            return
        for handler in self._handlers[stream][kind]:
            event = msgspec.json.decode(fields[b"data"], type=handler.event)
            await handler.handle(self._use_cases, transaction, event)

    async def _failed(self, stream: str, kind: str, fields: Fields, attempt: int, exc: Exception) -> None:
        log.warning("event_failed", service=self._service, kind=kind, attempt=attempt, error=type(exc).__name__)
        if attempt < _TRIES:
            await asyncio.sleep(0.05 * 2**attempt)
            return
        EVENTS_HANDLED.labels(self._service, kind, "parked").inc()
        async with self._db.transaction() as transaction:
            await transaction.execute(
                _PARK,
                {
                    "id": UUID(bytes=fields[b"id"]),
                    "source": stream,
                    "kind": kind,
                    "payload": fields[b"data"],
                    "trace": fields[b"trace"].decode(),
                    "error": type(exc).__name__,
                },
            )
        log.error("event_parked", service=self._service, kind=kind, error=type(exc).__name__)

    async def replay(self, event_id: UUID) -> bool:
        """Handle a parked event again; it stays parked if that fails. Say whether it was there."""
        async with self._db.transaction() as transaction:
            row = (await transaction.execute(_UNPARK, {"id": event_id})).first()
            if row is None:
                return False
            await transaction.execute(_FORGET, {"id": event_id})
            fields = {b"id": event_id.bytes, b"data": bytes(row.payload), b"trace": row.trace.encode()}
            await self._apply(transaction, row.source, row.kind, fields)
        return True


def _by_stream(answer: Any) -> list[tuple[str, list[tuple[bytes, Fields]]]]:
    """Shape XREADGROUP's answer, a list in RESP2 and a dictionary in RESP3."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [(key.decode(), [m for part in parts for m in part]) for key, parts in answer.items()]
    return [(key.decode(), messages) for key, messages in answer]
