"""Background tasks: ending them for certain."""

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.1


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
            if not task.cancelled():
                task.exception()  # looked at, so that nobody logs it as never retrieved
