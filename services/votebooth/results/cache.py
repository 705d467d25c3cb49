"""Counted results at hand: one a poll, counted outside of the event loop, once however many ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

import msgspec
from msgspec import Struct

from services.core.sized_cache import SizedCache
from services.core.tasks import SharedTasks
from services.votebooth.results.schemas import Winner

STALE_SECONDS = 1.0
"""While a newer result is being counted, one of this age may be shown."""

PATIENCE_SECONDS = 0.3
"""How long to wait for the newer one before that."""

MAX_BYTES = 32_000_000
"""Of all results kept."""


class _Winners(Struct, frozen=True):
    winners: list[Winner]


@dataclass
class Entry:
    """A counted result.

    Attributes:
        version: Of the poll's definition.
        seq: Of the counts.
        status: Where the poll stood.
        body: The result as JSON.
        read_at: When its counts were read, on the monotonic clock.
    """

    version: int
    seq: int
    status: str
    body: bytes
    read_at: float = field(default_factory=time.monotonic)

    @cached_property
    def winners(self) -> list[int]:
        """Option ids."""
        return [winner.id for winner in msgspec.json.decode(self.body, type=_Winners).winners]

    @property
    def tag(self) -> str:
        """The entity tag; equal for equal results."""
        return f'"{self.version}.{self.seq}.{self.status}"'

    def serves(self, version: int, seq: int, status: str) -> bool:
        """Say whether this is the result of these counts."""
        return self.version == version and self.seq >= seq and self.status == status


Compute = Callable[[], Awaitable[Entry]]


class Cache:
    """The newest result of the polls that were asked for most lately."""

    def __init__(self) -> None:
        self._entries: SizedCache[UUID, Entry] = SizedCache(MAX_BYTES, lambda entry: len(entry.body))
        self._running: SharedTasks[UUID, Entry] = SharedTasks()

    def at_hand(self, poll_id: UUID) -> Entry | None:
        """Return the last result that was counted, however old, if it is kept."""
        return self._entries.get(poll_id)

    async def get(self, poll_id: UUID, version: int, seq: int, status: str, compute: Compute) -> Entry:
        """Return the result of a poll's counts, or of newer ones.

        Args:
            poll_id: The poll.
            version: Of its definition.
            seq: Of its counts.
            status: Where the poll stands. A final result is never answered with an older one.
            compute: Reads and counts. Runs once at a time for a poll.
        """
        entry = self._entries.get(poll_id)
        if entry is not None and entry.serves(version, seq, status):
            return entry

        async def newest() -> Entry:
            counted = await compute()
            self._entries.put(poll_id, counted)
            return counted

        if (
            entry is not None
            and status != "final"
            and entry.serves(version, 0, status)
            and time.monotonic() - entry.read_at < STALE_SECONDS
        ):
            done, _ = await asyncio.wait({self._running.start(poll_id, newest)}, timeout=PATIENCE_SECONDS)
            if not done:
                return entry
        found = await self._running.result(poll_id, newest)
        if found.serves(version, seq, status):
            return found
        # It was begun before our counts were there.
        return await self._running.result(poll_id, newest)
