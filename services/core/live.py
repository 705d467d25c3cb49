"""Broadcast: a word to every process that something changed, over Redis pub/sub.

Messages are hints, never the only copy of anything: a listener reads the database when it hears one. So
losing Redis costs other processes freshness, and this process nothing: its own messages are handed over
directly.
"""

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import Callable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

Listener = Callable[[str, bytes], None]

PREFIX = "votewave:live:"
_RETRY_SECONDS = 0.5
_GATHER_SECONDS = 0.05


class Broadcast:
    """Channels by name, on a Redis connection of their own that reconnects for ever."""

    def __init__(self, redis_url: str) -> None:
        self._redis: Redis = Redis.from_url(redis_url, socket_connect_timeout=1)
        self._origin = secrets.token_bytes(8)
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._outgoing: dict[str, bytes] = {}
        self._sender: asyncio.Task[None] | None = None

    def listen(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Hear `topic` (`kind:id`; a kind is subscribed to as a whole); returns what ends the listening."""
        self._listeners[topic].add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._receive())

        def end() -> None:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

        return end

    def send(self, topic: str, message: bytes = b"") -> None:
        """Tell all listeners of `topic`; here at once, elsewhere soon. Never raises, never waits.

        What is said within `_GATHER_SECONDS` of the message before leaves together, and while Redis is slow
        only the newest message of a topic is kept.
        """
        self._deliver(topic, message)
        self._outgoing[topic] = message
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._flush())

    def _deliver(self, topic: str, message: bytes) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener(topic, message)

    async def _flush(self) -> None:
        while self._outgoing:
            batch, self._outgoing = self._outgoing, {}
            try:
                async with asyncio.timeout(1):
                    pipe = self._redis.pipeline(transaction=False)
                    for topic, message in batch.items():
                        pipe.publish(PREFIX + topic, self._origin + message)
                    await pipe.execute()
            except (RedisError, OSError, TimeoutError) as exc:
                log.warning("broadcast_failed", error=type(exc).__name__)
            await asyncio.sleep(_GATHER_SECONDS)

    async def _receive(self) -> None:
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.psubscribe(PREFIX + "*")
                    async for message in pubsub.listen():
                        self._heard(message)
            except (RedisError, OSError, TimeoutError) as exc:
                log.warning("broadcast_lost", error=type(exc).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    def _heard(self, message: dict[str, bytes]) -> None:
        data = message["data"]
        if data[:8] != self._origin:
            self._deliver(message["channel"].decode().removeprefix(PREFIX), data[8:])

    async def close(self) -> None:
        """End listening and close the connection."""
        for task in (self._task, self._sender):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self._redis.aclose()
