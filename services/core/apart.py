"""Work that grows with what users send, done in a process beside this one.

Threads don't help: whatever holds Python's lock keeps voters waiting. So one process, started when it is first needed
and kept, does one piece of work after the other at a low priority; addresses take turns. It ends with its parent.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable

import structlog

from services.core.children import begin, name_of, named
from services.core.problems import unavailable
from services.core.shares import Shares, Turns

log = structlog.get_logger(__name__)

Work = Callable[[bytes], bytes]
"""A function at the top of a module, which needs nothing but what it is given."""

_HEAD_BYTES = 8
_NICE = 10
_SECONDS = 20.0
_PLACES = 32
_OF_ACCOUNT = 2
_OF_ADDRESS = 8


class Apart:
    """Does work in a process of its own."""

    def __init__(self) -> None:
        self._places = Shares("large documents", places=_PLACES, account=_OF_ACCOUNT, address=_OF_ADDRESS)
        self._turns = Turns()
        self._process: asyncio.subprocess.Process | None = None

    async def do(self, work: Work, given: bytes, *, account: object, address: str) -> bytes:
        """Return what a piece of work returns.

        Args:
            work: What to do.
            given: What it is given.
            account: Whose it is.
            address: The site that it comes from.

        Raises:
            Problem: 429 if too much of the account's or the address's waits, 503 if too much does, or if it takes
                longer than twenty seconds, its start included.
        """
        with self._places.take(account, address):
            async with self._turns.turn(address):
                try:
                    async with asyncio.timeout(_SECONDS):
                        return await self._ask(name_of(work).encode(), given)
                except (OSError, TimeoutError, asyncio.IncompleteReadError) as exc:
                    await self.close()
                    log.warning("apart_failed", work=work.__qualname__, error=type(exc).__name__)
                    raise unavailable("This took too long to check. Try again, or send less.", 5) from exc
                except asyncio.CancelledError:
                    await self.close()  # or its answer would be taken for the next one's
                    raise

    async def _ask(self, name: bytes, given: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await begin(main)
        if process.stdin is None or process.stdout is None:
            raise AssertionError("it was started with pipes")
        for part in (name, given):
            process.stdin.write(len(part).to_bytes(_HEAD_BYTES) + part)
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(_HEAD_BYTES))
        return await process.stdout.readexactly(size)

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def main() -> None:
    """Do what comes in from the parent, until it is gone."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    os.nice(_NICE)
    given, answers = sys.stdin.buffer, sys.stdout.buffer

    def part() -> bytes:
        return given.read(int.from_bytes(given.read(_HEAD_BYTES)))

    while name := part().decode():
        work: Work = named(name)
        answer = work(part())
        answers.write(len(answer).to_bytes(_HEAD_BYTES) + answer)
        answers.flush()
