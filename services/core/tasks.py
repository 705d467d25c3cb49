"""Background tasks: one for all who want the same, and ending them for certain."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_AGAIN_SECONDS = 0.1


class SharedTasks(Generic[K, V]):
    """One task a key at a time, however many want what it returns. It goes on when those who wait have gone."""

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[V]] = {}

    def __contains__(self, key: K) -> bool:
        """Say whether a key's task is under way."""
        return key in self._running and not self._running[key].done()

    def start(self, key: K, run: Callable[[], Coroutine[Any, Any, V]]) -> "asyncio.Task[V]":
        """Return the key's task that is under way, or begin one with `run`. Whoever waits for it mustn't cancel it."""
        if key in self:
            return self._running[key]
        task = self._running[key] = asyncio.create_task(run())
        task.add_done_callback(lambda done: self._over(key, done))
        return task

    async def result(self, key: K, run: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Return what the key's task returns, or raise what it raises; begin it with `run` if none is under way."""
        return await asyncio.shield(self.start(key, run))

    def _over(self, key: K, task: "asyncio.Task[V]") -> None:
        if self._running.get(key) is task:
            del self._running[key]
        look_at(task)


async def end(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancel tasks and wait until they are over.

    Once isn't always enough: before Python 3.12 `asyncio.wait_for` loses a cancellation that meets the end of
    what it waits for, and redis-py sends every command through it.

    Args:
        *tasks: Any that are None or over are left out.
    """
    pending = {task for task in tasks if task is not None}
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=_AGAIN_SECONDS)
        for task in done:
            look_at(task)


def look_at(task: "asyncio.Task[Any]") -> None:
    """Look at what a task raised, so that asyncio doesn't log it as never retrieved."""
    if not task.cancelled():
        task.exception()
