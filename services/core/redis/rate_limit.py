"""Rate limits that hold across instances: one atomic script in Redis, or the same rule in this process.

The rule is the generic cell rate algorithm (GCRA, ITU-T I.371): a bucket of `limit` that refills evenly over
`per` seconds. A key costs one number, and a refused call costs the caller nothing.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec
from prometheus_client import Counter
from redis.asyncio import Redis

from services.core.tasks import look_at

_FALLBACK = Counter(
    "votewave_ratelimit_fallback_total", "Rate limits decided in the process because Redis gave no answer."
)
_TIMEOUT_SECONDS = 0.05
_PATIENT_SECONDS = 1.0
_PAUSE_SECONDS = 1.0
_MAX_KEYS = 50_000

# Integers throughout (microseconds, below 2^53), so that exactly `limit` calls pass and not one more or less.
# Times are the server's own: instances' clocks differ. ARGV[5] is what the caller knows of the key and Redis may not.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, interval, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = limit * interval
local stored = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local tat = math.max(stored, now + ARGV[5])
local wait = tat + cost * interval - now - full
if wait <= 0 or ARGV[4] == '1' then
  tat = math.min(tat + cost * interval, now + 2 * full)
end
if tat ~= stored then
  redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
end
local remaining = math.max(0, math.floor((now + full - tat) / interval))
return {wait <= 0 and 1 or 0, remaining, tat - now, math.max(0, wait)}
"""


class Decision(msgspec.Struct, frozen=True):
    """The answer to one call.

    Attributes:
        allowed: Whether the call may go on.
        remaining: How many more calls of cost 1 would be allowed now.
        reset_after: Seconds until the whole limit is there again.
        retry_after: Seconds until this call would be allowed; 0 when it was.
    """

    allowed: bool
    remaining: int
    reset_after: float
    retry_after: float


class RateLimiter:
    """Counts calls by key.

    While Redis doesn't answer each instance counts for itself, from what Redis last said of a key, and Redis is
    asked again once a second. What was counted meanwhile is told to it with the key's next call. So one instance lets
    no more through than without the gap, and several no more than each what was left.

    Args:
        redis: The client; without one, every decision is made in this process.
    """

    def __init__(self, redis: Redis | None) -> None:
        self._script = redis.register_script(_SCRIPT) if redis is not None else None
        self._local = LocalLimiter()
        self._untold: set[str] = set()
        self._closed_until = 0.0
        self._probing = False
        self._late: set[asyncio.Task[Decision]] = set()

    async def hit(self, key: str, limit: int, per: float, cost: int = 1, *, patient: bool = False) -> Decision:
        """Count a call.

        Args:
            key: Whose calls, and of which kind.
            limit: How many are allowed at once, and in `per` seconds once that burst is used up.
            per: Seconds.
            cost: What this call counts; 0 looks without counting.
            patient: Whether to wait for Redis for a second, also where it was late a moment ago: for work that nobody
                waits for.

        Raises:
            ValueError: An argument makes no sense, such as a cost above the limit.
        """
        if limit < 1 or per <= 0 or not 0 <= cost <= limit:
            raise ValueError("a limit needs limit >= 1, per > 0 and 0 <= cost <= limit")
        if patient and self._script is not None:
            decision = await self._ask(key, limit, per, cost, False, _PATIENT_SECONDS)
            return decision or self._fall_back(key, limit, per, cost, False)
        return await self._hit(key, limit, per, cost)

    async def _hit(self, key: str, limit: int, per: float, cost: int, *, owed: bool = False) -> Decision:
        if self._script is None:
            return self._local.hit(key, limit, per, cost, owed=owed)
        broken = self._closed_until > 0
        if broken and (self._probing or time.monotonic() < self._closed_until):
            return self._fall_back(key, limit, per, cost, owed)
        self._probing = broken
        try:
            decision = await self._ask(key, limit, per, cost, owed, _TIMEOUT_SECONDS)
        finally:
            if broken:
                self._probing = False
        if decision is None:
            self._closed_until = time.monotonic() + _PAUSE_SECONDS
            return self._fall_back(key, limit, per, cost, owed)
        self._closed_until = 0.0
        return decision

    async def charge(self, key: str, limit: int, per: float, cost: int) -> None:
        """Count what has been done already. Above the limit it is owed, as much again at most, and paid by waiting.

        Args:
            key: See `hit`.
            limit: See `hit`.
            per: See `hit`.
            cost: What it counts; it may be above the limit.
        """
        await self._hit(key, limit, per, cost, owed=True)

    async def _ask(self, key: str, limit: int, per: float, cost: int, owed: bool, seconds: float) -> Decision | None:
        """Ask Redis; None when it fails or is late.

        A late call isn't cancelled: on a slow link that would break off every attempt to connect. It ends
        by itself, at the latest with the client's own time-out.
        """
        task = asyncio.ensure_future(self._eval(key, limit, per, cost, owed))
        self._late.add(task)
        task.add_done_callback(self._forget)
        done, _ = await asyncio.wait([task], timeout=seconds)
        return task.result() if done and not task.cancelled() and task.exception() is None else None

    def _forget(self, task: "asyncio.Task[Decision]") -> None:
        self._late.discard(task)
        look_at(task)

    async def _eval(self, key: str, limit: int, per: float, cost: int, owed: bool) -> Decision:
        if self._script is None:
            raise RuntimeError("there is no Redis to ask")
        now = self._local.clock()
        untold = max(0, self._local.full_at(key) - now) if key in self._untold else 0
        args = [limit, _interval(limit, per), cost, int(owed), untold]
        allowed, remaining, reset, wait = await self._script(keys=[f"votewave:limit:{key}"], args=args)
        # When it was asked, not when the answer came: rather a little less than more, or each answer would add to it.
        self._hear(key, now + int(reset))
        return Decision(bool(allowed), int(remaining), reset / 1e6, wait / 1e6)

    def _hear(self, key: str, full_at: int) -> None:
        """Remember what Redis says of a key, unless more was counted here that it hasn't been told."""
        if key in self._untold:
            if full_at < self._local.full_at(key):
                return
            self._untold.discard(key)
        self._local.set(key, full_at)

    def _fall_back(self, key: str, limit: int, per: float, cost: int, owed: bool) -> Decision:
        _FALLBACK.inc()
        if len(self._untold) >= _MAX_KEYS:
            self._untold.clear()
        self._untold.add(key)
        return self._local.hit(key, limit, per, cost, owed=owed)


class LocalLimiter:
    """The same rule in this process's memory, for at most 50,000 keys.

    Args:
        clock: Microseconds that never go back.
    """

    def __init__(self, clock: Callable[[], int] = lambda: time.monotonic_ns() // 1000) -> None:
        self.clock = clock
        self._tats: dict[str, int] = {}

    def hit(self, key: str, limit: int, per: float, cost: int = 1, *, owed: bool = False) -> Decision:
        """Count a call; see `RateLimiter.hit`, and `RateLimiter.charge` for what is `owed`."""
        now, interval = self.clock(), _interval(limit, per)
        full = limit * interval
        tat = max(self._tats.get(key, now), now)
        wait = tat + cost * interval - now - full
        if wait <= 0 or owed:
            tat = min(tat + cost * interval, now + 2 * full)
            self.set(key, tat)
        remaining = max(0, (now + full - tat) // interval)
        return Decision(wait <= 0, remaining, (tat - now) / 1e6, max(0, wait) / 1e6)

    def full_at(self, key: str) -> int:
        """Return when a key's whole limit is there again, by the clock; 0 if nothing is known of it."""
        return self._tats.get(key, 0)

    def set(self, key: str, full_at: int) -> None:
        """Note when a key's whole limit is there again."""
        now = self.clock()
        if full_at <= now:
            self._tats.pop(key, None)
            return
        if len(self._tats) >= _MAX_KEYS and key not in self._tats:
            self._make_room(now)
        self._tats[key] = full_at

    def _make_room(self, now: int) -> None:
        self._tats = {key: tat for key, tat in self._tats.items() if tat > now}
        while len(self._tats) >= _MAX_KEYS * 3 // 4:  # all are live: the oldest go, many at a time
            del self._tats[next(iter(self._tats))]


def _interval(limit: int, per: float) -> int:
    """Microseconds in which one call's worth refills."""
    return max(1, round(per * 1e6 / limit))
