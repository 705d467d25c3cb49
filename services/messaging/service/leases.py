"""Who is there: leases in Redis, which devices renew and nobody has to end.

A device says every minute that it is there, and what it says holds for three. Losing Redis, or all that is in it, makes
people look away until their devices speak again, within a minute.
"""

import time
from enum import IntEnum
from typing import NamedTuple, cast
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

BEAT_SECONDS = 60.0
LEASE_SECONDS = 180

_MOST_DEVICES = 16
"""Of one account; the one heard of least lately makes room."""


class State(IntEnum):
    """How somebody is there; of several devices the highest holds."""

    AWAY = 0
    IDLE = 1
    ACTIVE = 2


class Seen(NamedTuple):
    """Whether somebody is there.

    Attributes:
        state: Of all devices together.
        heard_at: When a device in that state spoke last, Unix seconds; 0 for none.
        known: Whether Redis has said so.
    """

    state: State
    heard_at: int
    known: bool = True


class Leases:
    """Leases of accounts, each a hash of its devices: what one said last, and when."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def renew(self, account: UUID, device: str, state: State) -> bool:
        """Keep what a device says; say whether the account looks different from before."""
        name, now = _key(account), int(time.time())
        try:
            found = await self._said(name)
            before = _current(found, now)
            after = {**before, device: (state, now)}
            if state is State.AWAY:
                del after[device]
            last = sorted(after, key=lambda each: after[each][1])
            gone = {each.decode() for each in found} - set(last[-_MOST_DEVICES:])
            async with self._redis.pipeline(transaction=True) as pipe:
                if gone:
                    pipe.hdel(name, *gone)
                if state is not State.AWAY:
                    pipe.hset(name, device, f"{state.value}:{now}")
                    pipe.expire(name, LEASE_SECONDS)
                await pipe.execute()
        except (RedisError, OSError, TimeoutError) as exc:
            log.warning("lease_not_kept", error=type(exc).__name__)
            return False
        return _seen(before).state != _seen(after).state

    async def of(self, account: UUID) -> Seen:
        """Return whether somebody is there."""
        try:
            found = await self._said(_key(account))
        except (RedisError, OSError, TimeoutError) as exc:
            log.warning("leases_not_read", error=type(exc).__name__)
            return Seen(State.AWAY, 0, known=False)
        return _seen(_current(found, int(time.time())))

    async def _said(self, name: str) -> dict[bytes, bytes]:
        return cast(dict[bytes, bytes], await self._redis.hgetall(name))


def _key(account: UUID) -> str:
    return f"votewave:presence:{account}"


def _current(found: dict[bytes, bytes], now: int) -> dict[str, tuple[State, int]]:
    """Return what devices have said that still holds."""
    said = {}
    for device, value in found.items():
        state, _, at = value.partition(b":")
        if int(at) + LEASE_SECONDS > now:
            said[device.decode()] = State(int(state)), int(at)
    return said


def _seen(devices: dict[str, tuple[State, int]]) -> Seen:
    return Seen(*max(devices.values(), default=(State.AWAY, 0)))
