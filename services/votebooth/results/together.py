"""Reading together: who asks for the same while it is being read shares the next reading of it.

Nobody gets what was read before they asked, so whoever has just voted sees it; and however many ask, there
is one reading at a time, so viewers cost the database little and the voters nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from services.core.tasks import look_at

V = TypeVar("V")


class Together(Generic[V]):
    """Joins those who ask for one key to the next reading that hasn't begun."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[V]] = {}
        self._next: dict[Hashable, asyncio.Task[V]] = {}

    async def read(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Return what `read` returns when it is called after this moment, for us and others.

        Raises:
            Exception: Whatever `read` raises, for all who share the reading.
        """
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._run(key, read, self._running.get(key)))
            task.add_done_callback(look_at)
        return await asyncio.shield(task)

    async def _run(self, key: Hashable, read: Callable[[], Awaitable[V]], before: "asyncio.Task[V] | None") -> V:
        if before is not None:
            await asyncio.wait({before})
        task = self._running[key] = self._next.pop(key)
        try:
            return await read()
        finally:
            if self._running.get(key) is task:
                del self._running[key]
