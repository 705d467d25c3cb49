"""The consumer: reads other services' streams as a group, and handles each event once.

The handler's writes and the `inbox` row are one transaction, so a redelivered event finds its row and is
left out. An event whose handler keeps raising is parked: it no longer holds up the others, and an
operator lists and replays it (`votewave events`). While the database is away nothing is parked: it waits.

One consumer handles a stream in its order. With several, each takes its share, and order is kept by the
events' `version` alone (see `events.py`).
"""

import asyncio
import contextlib
import socket
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.database import Database, is_passing
from services.core.events.handler import Handler, NotNowError
from services.core.events.outbox import marker_of, stream_of
from services.core.observe.metrics import EVENTS_HANDLED
from services.core.observe.trace import begin_trace
from services.core.tasks import end

log = structlog.get_logger(__name__)

_TRIES = 5
_BATCH = 64
_BLOCK_MS = 1000
_RETRY_SECONDS = 0.5
_CUT_SECONDS = 10.0
"""For so long after a reading nothing is cut off unread: relays keep what a reader of the last 30 seconds needs."""
_PING_SECONDS = 2.0
_CLAIM_IDLE_MS = 30_000
_CLAIM_SECONDS = 15.0
_GONE_MS = 24 * 3600 * 1000

# What is parked waits for the operator, also when it is delivered again.
_SEEN = text(
    "INSERT INTO inbox (event_id) SELECT CAST(:id AS uuid)"
    " WHERE NOT EXISTS (SELECT FROM parked WHERE event_id = CAST(:id AS uuid))"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)
_PARK = text(
    "INSERT INTO parked (event_id, source, kind, payload, trace, error)"
    " VALUES (:id, :source, :kind, :payload, :trace, :error) ON CONFLICT DO NOTHING"
)
_UNPARK = text("DELETE FROM parked WHERE event_id = :id RETURNING source, kind, payload, trace")

Fields = dict[bytes, bytes]


class _Event(msgspec.Struct, frozen=True):
    """An event as it travels."""

    id: UUID
    kind: str
    data: bytes
    trace: str


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
        self._safe_until = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to consume."""
        if self._handlers:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; what wasn't acknowledged is delivered again."""
        await end(self._task)

    async def _run(self) -> None:
        claim_at = None
        while True:
            try:
                if claim_at is None or time.monotonic() >= claim_at:
                    await self._ensure_groups()
                    if claim_at is None:
                        while await self._read("0"):
                            pass
                    await self._take_over()
                    claim_at = time.monotonic() + _CLAIM_SECONDS
                await self._read_new()
            except Exception as exc:  # noqa: BLE001  (the consumer must go on whatever failed; nothing would restart it)
                if isinstance(exc, ResponseError) and str(exc).startswith(("NOGROUP", "UNBLOCKED")):
                    log.info("stream_lost", service=self._service)  # the group is made anew
                else:
                    log.warning("consumer_waits", service=self._service, error=type(exc).__name__)
                claim_at, self._safe_until = None, 0.0
                await asyncio.sleep(_RETRY_SECONDS)

    async def _read(self, start: str) -> bool:
        """Read and handle one batch: new messages (">") or those given to us before ("0")."""
        answer = await self._redis.xreadgroup(
            self._service, self._name, dict.fromkeys(self._handlers, start), _BATCH, _BLOCK_MS
        )
        return await self._handle_batches(_by_stream(answer))

    async def _read_new(self) -> None:
        """Read and handle one batch of new messages; wait for them if there are none."""
        checked = time.monotonic() >= self._safe_until
        self._safe_until = time.monotonic() + _CUT_SECONDS
        if not checked or not await self._read_checked():
            await self._read(">")

    async def _read_checked(self) -> bool:
        """Handle the new messages that are there, and look for those that were cut off before they were read.

        That is looked for in the moment of the reading: from then on Redis counts them as read.
        """
        pipe = self._redis.pipeline(transaction=True)
        for stream in self._handlers:
            pipe.xinfo_stream(stream)
            pipe.xinfo_groups(stream)
        pipe.xreadgroup(self._service, self._name, dict.fromkeys(self._handlers, ">"), _BATCH)
        *about, answer = await pipe.execute(raise_on_error=False)
        if isinstance(answer, Exception):
            raise answer
        batches = _by_stream(answer)
        for stream, info, groups in zip(self._handlers, about[::2], about[1::2], strict=True):
            await self._ask_for_missed(stream, info, groups)
        return await self._handle_batches(batches)

    async def _handle_batches(self, batches: Sequence[tuple[str, list[tuple[bytes, Fields]]]]) -> bool:
        """Handle what was read; say whether there was anything."""
        for stream, messages in batches:
            await self._handle_all(stream, messages)
        return any(messages for _, messages in batches)

    async def _ensure_groups(self) -> None:
        for stream in self._handlers:
            with contextlib.suppress(ResponseError):  # BUSYGROUP: it is there
                await self._redis.xgroup_create(stream, self._service, id="0", mkstream=True, entries_read=0)

    async def _ask_for_missed(self, stream: str, about: dict[str, Any], groups: list[dict[str, Any]]) -> None:
        """Have a publisher send all it keeps again, if its stream was cut off before it was read.

        A stream takes so many bytes and no more, and this service may have been away for longer, or waiting.

        Args:
            stream: The publisher's.
            about: What Redis said of it before the last reading.
            groups: What Redis said of its readers then.
        """
        cut = about["entries-added"] - about["length"]
        group = next((g for g in groups if g["name"] == self._service.encode()), None)
        if group is None or group["entries-read"] is None or group["entries-read"] >= cut:
            return
        await self._ask_for(stream, cut - group["entries-read"])
        # Where nothing was left to be read, it isn't counted as read yet; and this is done once.
        for now in await self._redis.xinfo_groups(stream):
            if now["name"] == group["name"] and now["entries-read"] is not None and now["entries-read"] < cut:
                await self._redis.xgroup_setid(stream, self._service, now["last-delivered-id"], entries_read=cut)

    async def _ask_for(self, stream: str, events: int) -> None:
        """Have a publisher send all it keeps again, since events that were given to a consumer are gone."""
        log.error("events_missed", service=self._service, stream=stream, events=events)
        await self._redis.delete(marker_of(stream))

    async def _take_over(self) -> None:
        """Handle what an instance that is gone has read and not acknowledged, and forget that instance."""
        for stream in self._handlers:
            start: Any = b"0-0"
            while True:
                start, messages, gone = await self._redis.xautoclaim(
                    stream, self._service, self._name, min_idle_time=_CLAIM_IDLE_MS, start_id=start, count=_BATCH
                )
                if gone:
                    await self._ask_for(stream, len(gone))
                await self._handle_all(stream, messages)
                if start == b"0-0":
                    break
            for other in await self._redis.xinfo_consumers(stream, self._service):
                if other["idle"] > _GONE_MS and other["pending"] == 0:
                    await self._redis.xgroup_delconsumer(stream, self._service, other["name"])

    async def _handle_all(self, stream: str, messages: Sequence[tuple[bytes, Fields | None]]) -> None:
        for message_id, fields in messages:
            event = _event(fields)
            if not fields:  # cut off before it could be handled
                await self._ask_for(stream, 1)
            elif event is None:  # written by somebody else than a relay
                log.error("event_unreadable", service=self._service, stream=stream)
            elif event.kind in self._handlers[stream]:
                await self._handle(stream, event)
            await self._redis.xack(stream, self._service, message_id)

    async def _handle(self, stream: str, event: _Event) -> None:
        _follow(event)
        attempt = 0
        while True:
            try:
                async with self._db.transaction() as session:
                    await self._apply(session, stream, event)
            except Exception as exc:  # noqa: BLE001  (whatever a handler raises is parked, never lost)
                if await self._is_outage(exc):
                    # Not the event's fault: wait for as long as it takes, in order.
                    log.warning("consumer_waits", service=self._service, error=type(exc).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                attempt += 1
                log.warning(
                    "event_failed", service=self._service, kind=event.kind, attempt=attempt, error=type(exc).__name__
                )
                if attempt == _TRIES:
                    await self._park(stream, event, exc)
                    return
                await asyncio.sleep(0.05 * 2**attempt)
            else:
                EVENTS_HANDLED.labels(self._service, event.kind, "ok").inc()
                return

    async def _is_outage(self, exc: Exception) -> bool:
        """Say whether a handler failed because something is away; asked now, for Postgres and Redis may be back."""
        if isinstance(exc, NotNowError):
            return True
        if is_passing(exc):
            answer: Any = self._db.ping()
        elif isinstance(exc, (RedisConnectionError, RedisTimeoutError)):
            answer = self._redis.ping()
        else:
            return False
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await answer
        except Exception:  # noqa: BLE001  (however it fails, it doesn't answer)
            return True
        return False

    async def _apply(self, session: AsyncSession, stream: str, event: _Event) -> None:
        if (await session.execute(_SEEN, {"id": event.id})).first() is None:
            return
        for handler in self._handlers[stream][event.kind]:
            decoded = msgspec.json.decode(event.data, type=handler.event)
            await handler.handle(self._use_cases, session, decoded)

    async def _park(self, stream: str, event: _Event, exc: Exception) -> None:
        async with self._db.transaction() as session:
            await session.execute(
                _PARK,
                {
                    "id": event.id,
                    "source": stream,
                    "kind": event.kind,
                    "payload": event.data,
                    "trace": event.trace,
                    "error": type(exc).__name__,
                },
            )
        EVENTS_HANDLED.labels(self._service, event.kind, "parked").inc()
        log.error("event_parked", service=self._service, kind=event.kind, error=type(exc).__name__)

    async def replay(self, event_id: UUID) -> bool:
        """Handle a parked event again; say whether it was there.

        It stays parked if its handler raises, and what that raises comes through.
        """
        async with self._db.transaction() as session:
            row = (await session.execute(_UNPARK, {"id": event_id})).first()
            if row is None:
                return False
            event = _Event(event_id, row.kind, bytes(row.payload), row.trace)
            _follow(event)
            await self._apply(session, row.source, event)
        return True


def _follow(event: _Event) -> None:
    """Go on in the trace of the request that the event comes from."""
    begin_trace(f"00-{event.trace or '0' * 32}-{'0' * 15}1-01")


def _event(fields: Fields | None) -> _Event | None:
    """Return what a relay wrote, None for anything else."""
    if not fields:
        return None
    try:
        return _Event(UUID(bytes=fields[b"id"]), fields[b"kind"].decode(), fields[b"data"], fields[b"trace"].decode())
    except (KeyError, ValueError):
        return None


def _by_stream(answer: Any) -> list[tuple[str, list[tuple[bytes, Fields]]]]:
    """Shape XREADGROUP's answer: pairs in RESP2; in RESP3 a dictionary, whose lists older clients wrap in one."""
    pairs = answer.items() if isinstance(answer, dict) else answer or ()
    shaped = []
    for key, messages in pairs:
        wrapped = messages and isinstance(messages[0], list)
        shaped.append((key.decode(), [m for part in messages for m in part] if wrapped else messages))
    return shaped
