"""The cache of public reads, which can't show a rule that no longer holds.

A cached body is never changed: its key names the poll, the version and the moment of the change, and
every read first asks Postgres, by primary key, which version is the current one. So there is nothing to
invalidate, and no race between a slow reader who writes what was true and an editor who has just committed:
the slow reader's body lands under the old version's key, which nobody asks for any more. What the cache saves
is fetching and encoding the body (up to 500 options with their texts); what it can't save is that one
small read. The other way, a body under the poll's id that is deleted after a commit, is stale whenever a
process dies, or loses Redis, between the commit and the deletion; for rules that isn't good enough.

The moment is part of the key because versions can come again after a restore from a backup. The status
isn't in the body: it follows from the clock. Drafts never come here. Without Redis, Postgres answers alone.
"""

import asyncio
import time
from datetime import datetime
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Grows when the body's shape does, so that two releases side by side don't read each other's.
_SHAPE = 1
_WAIT_SECONDS = 0.1
_PAUSE_SECONDS = 1.0


class PollCache:
    """Bodies of published polls in Redis.

    Args:
        redis: The process's Redis.
        seconds: How long a body is kept; 0 keeps none.
    """

    def __init__(self, redis: Redis, seconds: int) -> None:
        self._redis = redis
        self._seconds = seconds
        self._away_until = 0.0

    async def get(self, poll: UUID, version: int, changed: datetime) -> bytes | None:
        """Return the body of exactly this version, if it is kept."""
        if not self._usable():
            return None
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                found = await self._redis.get(_key(poll, version, changed))
                return found if isinstance(found, bytes) else None
        except (RedisError, OSError, TimeoutError) as exc:
            self._lost(exc)
            return None

    async def put(self, poll: UUID, version: int, changed: datetime, body: bytes) -> None:
        """Keep the body of this version."""
        if not self._usable():
            return
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._redis.set(_key(poll, version, changed), body, ex=self._seconds)
        except (RedisError, OSError, TimeoutError) as exc:
            self._lost(exc)

    def _usable(self) -> bool:
        return self._seconds > 0 and time.monotonic() >= self._away_until

    def _lost(self, exc: Exception) -> None:
        # Readers shouldn't each find out anew that Redis hangs.
        self._away_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("poll_cache_lost", error=type(exc).__name__)


def _key(poll: UUID, version: int, changed: datetime) -> str:
    return f"votewave:polls:{_SHAPE}:{poll}:{version}:{changed.timestamp():.6f}"
