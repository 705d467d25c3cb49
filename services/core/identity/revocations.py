"""Sessions that have ended before their tokens did: told through Redis, followed by every process."""

import asyncio
import contextlib
import time
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.ids import new_id
from services.core.tasks import end

log = structlog.get_logger(__name__)

REVOKED_KEY = "votewave:revoked"
REVOKED_VERSION_KEY = "votewave:revoked:version"
_POLL_SECONDS = 1.0


class Revocations:
    """The sessions that have ended, as far as their tokens could still be valid.

    Args:
        redis: The shared Redis.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._until: dict[UUID, float] = {}
        self._version: bytes | None = None
        self._watch: asyncio.Task[None] | None = None

    def __contains__(self, session: UUID) -> bool:
        """Say whether a session has ended."""
        return session in self._until

    async def start(self) -> None:
        """Read what was revoked, and follow it from then on."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._read()
        self._watch = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop following."""
        await end(self._watch)

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except Exception as exc:  # noqa: BLE001  (whatever it was: it must go on, for nobody would miss it)
                # Known revocations stay; new ones arrive when Redis is back. A token lives 15 minutes.
                self._version = None
                log.warning("revocations_unavailable", error=type(exc).__name__)
            await asyncio.sleep(_POLL_SECONDS)

    async def _read(self) -> None:
        now = time.time()
        self._until = {sid: until for sid, until in self._until.items() if until > now}
        version: Any = await self._redis.get(REVOKED_VERSION_KEY)
        if version is not None and version == self._version:
            return
        rows: Any = await self._redis.zrangebyscore(REVOKED_KEY, now, "+inf", withscores=True)
        self._until.update({UUID(bytes=sid): until for sid, until in rows})
        self._version = version


async def announce_revocations(redis: Redis, sessions: dict[UUID, float]) -> None:
    """Tell every process that sessions have ended.

    Args:
        redis: The shared Redis.
        sessions: Session ids, each with the Unix time until which one of its tokens could be valid.
    """
    if not sessions:
        return
    async with redis.pipeline(transaction=True) as pipe:
        pipe.zadd(REVOKED_KEY, {sid.bytes: until for sid, until in sessions.items()})
        pipe.zremrangebyscore(REVOKED_KEY, "-inf", time.time())
        # Not a count: after a flush it would come by values that it had before, and readers would see no change.
        pipe.set(REVOKED_VERSION_KEY, new_id().bytes)
        await pipe.execute()
