"""Broadcast: a word to every process that something changed, over Redis pub/sub.

Messages are hints, never the only copy of anything: a listener reads the database when it hears one. So
losing Redis costs other processes freshness, and this process nothing: its own messages are handed over
directly.
"""

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio.client import PubSub
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError

from services.core.redis.client import client
from services.core.tasks import end

log = structlog.get_logger(__name__)

Listener = Callable[[str, bytes], None]

PREFIX = "votewave:live:"
_RETRY_SECONDS = 0.5
_GATHER_SECONDS = 0.05
_SILENCE_SECONDS = 10.0


class Broadcast:
    """Channels by name, on a Redis connection of their own that reconnects for ever."""

    def __init__(self, redis_url: str, who: CredentialProvider | None = None) -> None:
        self._redis = client(redis_url, who)
        self._origin = secrets.token_bytes(8)
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._outgoing: dict[tuple[str, str, bool], bytes] = {}
        self._sender: asyncio.Task[None] | None = None

    def listen(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Hear `topic`; returns what ends the listening.

        The listener gets the topic and the message; an empty message also when one may have been missed.
        """
        self._listeners[topic].add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._receive())

        def end() -> None:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

        return end

    def send(self, topic: str, message: bytes = b"", *, about: str = "") -> None:
        """Tell all listeners of `topic`; here at once, elsewhere soon. Never raises, never waits.

        What is said within `_GATHER_SECONDS` of the message before leaves together, and while Redis is slow
        only the newest message of a topic is kept.

        Args:
            topic: Who hears it.
            message: What is said; by default that something changed.
            about: Messages about different things don't take each other's place.
        """
        self._deliver(topic, message)
        self._outgoing[topic, about, bool(message)] = message
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
                    for (topic, _, _), message in batch.items():
                        pipe.publish(PREFIX + topic, self._origin + message)
                    await pipe.execute()
            except (RedisError, OSError, TimeoutError) as exc:
                log.warning("broadcast_failed", error=type(exc).__name__)
            await asyncio.sleep(_GATHER_SECONDS)

    async def _receive(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.psubscribe(PREFIX + "*")
                    await self._follow(pubsub)
            except Exception as exc:  # noqa: BLE001  (the receiver must go on whatever failed; nothing would restart it)
                log.warning("broadcast_lost", error=type(exc).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self, pubsub: PubSub) -> None:
        """Hear until the connection fails, or is so silent that it must be dead."""
        heard_at = time.monotonic()
        while True:
            message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
            if message is not None:
                heard_at = time.monotonic()
                self._heard(message)
            elif time.monotonic() - heard_at > 2 * _SILENCE_SECONDS:
                raise TimeoutError
            else:
                await pubsub.ping()

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] == "psubscribe":
            # Something may have been said while nobody listened.
            for topic in tuple(self._listeners):
                self._deliver(topic, b"")
        elif message["type"] == "pmessage" and message["data"][:8] != self._origin:
            self._deliver(message["channel"].decode().removeprefix(PREFIX), message["data"][8:])

    async def close(self) -> None:
        """Send what waits to be sent, end listening and close the connection."""
        if self._sender is not None:
            await asyncio.wait({self._sender}, timeout=1)
        await end(self._task, self._sender)
        await self._redis.aclose()
