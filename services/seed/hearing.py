"""Lets services take over what a seed tells, in place of streams: in this process, or in one beside it.

Beside it both processors work on a large network. `python -m services.seed.hearing` is that process: its input is
frames of a kind of event with their payloads, and it answers each with a frame that is empty, or says what went wrong.
"""

import asyncio
import gc
import os
import struct
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, cast

import msgspec

from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.observe.logs import configure
from services.core.operations import operating
from services.core.seeding import SeedError
from services.core.service import Service
from services.core.settings import CoreSettings, load
from services.registry import load_services

_AHEAD = 8
"""So many frames may wait to be taken over: enough to keep the other process busy, and soon held in memory."""

_COLLECTED_EACH = 500_000

_LENGTH = struct.Struct("!I")


class Hearing(Protocol):
    """What is told of a network."""

    async def hear(self, events: Sequence[Event]) -> None:
        """Have services take over events, each in a transaction of its own; it may take a while."""
        ...

    async def settle(self) -> None:
        """Wait until all of them are taken over.

        Raises:
            SeedError: They couldn't be.
        """
        ...


class Here:
    """Has services take over events in this process."""

    def __init__(self, services: Sequence[Service[Any]], use_cases: Mapping[str, Any]) -> None:
        self._use_cases = use_cases
        self._handlers: dict[str, dict[str, list[Handler[Any, Any]]]] = defaultdict(lambda: defaultdict(list))
        self._turns: dict[str, asyncio.Lock] = {service.name: asyncio.Lock() for service in services}
        for service in services:
            for handler in service.handlers:
                self._handlers[handler.event.KIND][service.name].append(handler)

    async def hear(self, events: Sequence[Event]) -> None:
        """Take over events."""
        for kind, payloads in _by_kind(events).items():
            await self.take_over(kind, payloads)

    async def settle(self) -> None:
        """Return: nothing waits."""

    async def take_over(self, kind: str, payloads: Sequence[bytes]) -> None:
        """Take over events of a kind as they go over the wire.

        More may be begun before they are: each service takes them over in the order in which that was, and none waits
        for a slower one.
        """
        told: dict[type[Event], Sequence[Event]] = {}  # services that need the same of it share it
        for handlers in self._handlers[kind].values():
            for event in {handler.event for handler in handlers} - told.keys():
                decoder = msgspec.json.Decoder(event)
                told[event] = [decoder.decode(payload) for payload in payloads]
        await asyncio.gather(*(self._by(name, kind, told) for name in self._handlers[kind]))

    async def _by(self, name: str, kind: str, told: Mapping[type[Event], Sequence[Event]]) -> None:
        use_cases = self._use_cases[name]
        async with self._turns[name], use_cases.kit.db.transaction() as session:
            for handler in self._handlers[kind][name]:
                await handler.past(use_cases, session, told[handler.event])


class Beside:
    """Has services take over events in a process beside this one."""

    def __init__(self, to: asyncio.StreamWriter, source: asyncio.StreamReader) -> None:
        self._to, self._from = to, source
        self._sent = self._answered = 0
        self._reading = asyncio.Lock()

    async def hear(self, events: Sequence[Event]) -> None:
        """Hand events on; wait where too many wait already."""
        for kind, payloads in _by_kind(events).items():
            await self._wait_for(self._sent + 1 - _AHEAD)
            self._sent += 1
            try:
                await _send(self._to, msgspec.msgpack.encode((kind, payloads)))
            except ConnectionError:
                await self._wait_for(self._sent)  # it has said why, or hasn't

    async def settle(self) -> None:
        """Wait until all that was told until now is taken over."""
        await self._wait_for(self._sent)

    async def _wait_for(self, frames: int) -> None:
        """Wait until so many frames are answered; answers come in the order of frames."""
        while self._answered < frames:
            async with self._reading:
                if self._answered < frames:
                    await self._read()

    async def _read(self) -> None:
        refusal = await _receive(self._from)
        if refusal is None:
            raise SeedError("The process that takes over what is told has ended.")
        if refusal:
            raise SeedError(f"What was told couldn't be taken over: {refusal.decode()}")
        self._answered += 1


@asynccontextmanager
async def beside() -> AsyncIterator[Beside]:
    """Run a process that takes over events, with the settings of this one's environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.seed.hearing", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    to, source = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
    try:
        yield Beside(to, source)
    finally:
        to.close()  # which ends it, after what it has begun
        await process.wait()


def _by_kind(events: Sequence[Event]) -> dict[str, list[bytes]]:
    by_kind: dict[str, list[bytes]] = defaultdict(list)
    for event in events:
        by_kind[event.KIND].append(msgspec.json.encode(event))
    return by_kind


async def _send(to: asyncio.StreamWriter, frame: bytes) -> None:
    to.write(_LENGTH.pack(len(frame)) + frame)
    await to.drain()


async def _receive(source: asyncio.StreamReader) -> bytes | None:
    """Return the next frame; None at the end."""
    try:
        [length] = _LENGTH.unpack(await source.readexactly(_LENGTH.size))
        return await source.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


async def _take_over_all(answers: int) -> None:
    """Take over what comes, frame by frame, until there is no more or one couldn't be.

    Args:
        answers: A file descriptor to write answers to.
    """
    settings = load(CoreSettings)
    configure(settings.log_format, "warning", service="seed", env=settings.environment)
    loop = asyncio.get_running_loop()
    source = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(source), sys.stdin.buffer)
    services = load_services(["all"])
    async with AsyncExitStack() as stack:
        use_cases = {}
        for service in services:
            use_cases[service.name] = service.use_cases(await stack.enter_async_context(operating(service, settings)))
        hearing = Here(services, use_cases)
        gc.freeze()
        gc.set_threshold(_COLLECTED_EACH)  # thousands of rows come and go with each frame, none of them in circles
        begun = asyncio.Queue[asyncio.Task[bytes] | None]()  # the other process lets no more than `_AHEAD` wait
        async with asyncio.TaskGroup() as group:
            group.create_task(_answer(begun, answers))
            while (frame := await _receive(source)) is not None:
                begun.put_nowait(group.create_task(_refusal(hearing, frame)))
            begun.put_nowait(None)


async def _refusal(hearing: Here, frame: bytes) -> bytes:
    """Take over a frame; return nothing, or what went wrong."""
    kind, payloads = msgspec.msgpack.decode(frame, type=tuple[str, list[bytes]])
    try:
        await hearing.take_over(kind, payloads)
    except Exception as exc:  # noqa: BLE001  (whatever it is, the other process raises it)
        return f"{kind}: {exc!r}"[:2_000].encode()
    return b""


async def _answer(begun: "asyncio.Queue[asyncio.Task[bytes] | None]", answers: int) -> None:
    """Answer frames in the order in which they came."""
    while (task := await begun.get()) is not None:
        refusal = await task
        os.write(answers, _LENGTH.pack(len(refusal)) + refusal)


def main() -> None:
    """Take over what comes by standard input. Whatever else writes to standard output goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    asyncio.run(_take_over_all(answers))


if __name__ == "__main__":
    main()
