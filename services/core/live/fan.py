"""Sending one frame to very many WebSockets, by a process beside this one (`writer`).

A system call for each of thousands of viewers is time in which no ballot is counted. The process has copies of their
sockets, and writes to them whenever it is told one frame and whose it is. All else stays here: what they say, what
each of them alone is sent, and their ends.
"""

import asyncio
import contextlib
import socket
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from services.core.children import command
from services.core.live.writer import ADD, FORGET, HEAD, MOST_SOCKETS, PACKET_BYTES, SEND, main

log = structlog.get_logger(__name__)

MANY = 500
"""Fewer are written to here: that takes less than telling somebody else to."""

MOST_FRAME_BYTES = 16_384
"""Larger ones are written here; none is ever to be written in part there."""

_SECONDS = 5.0
_IDS_AT_ONCE = 20_000
_RETRY_SECONDS = 10.0


class Socket(Protocol):
    """Where frames are written to."""

    @property
    def handle(self) -> int | None:
        """Its file descriptor; None once it is closed, or about to be."""
        ...


class FanError(ConnectionError):
    """Nobody knows whom a frame has reached."""


class Fan:
    """Has frames written by a process, which is begun when it is first needed."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None
        self._known: set[int] = set()
        self._gone = array("I")
        self._number = 0
        self._answers: dict[int, asyncio.Future[array[int]]] = {}
        self._lock = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None
        self._broken_until = 0.0

    @property
    def is_able(self) -> bool:
        """Whether it is worth asking."""
        return asyncio.get_running_loop().time() >= self._broken_until

    async def send(self, frame: bytes, outlets: Mapping[int, Socket]) -> set[int]:
        """Have a frame written to sockets; return those that can't take it now.

        Args:
            frame: What to write.
            outlets: Whose sockets, by numbers that are never used again.

        Raises:
            FanError: It isn't known which of them have got it.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._send(frame, outlets)
        except (OSError, TimeoutError) as exc:
            log.warning("fan_failed", error=type(exc).__name__)
            self._broken_until = asyncio.get_running_loop().time() + _RETRY_SECONDS
            await self.close()
            raise FanError from exc

    async def _send(self, frame: bytes, outlets: Mapping[int, Socket]) -> set[int]:
        async with self._lock:
            await self._begin()
            await self._forget_gone()
            await self._add({one: outlet for one, outlet in outlets.items() if one not in self._known})
            waiting = [await self._tell(frame, some) for some in _portions(list(outlets), _IDS_AT_ONCE)]
        late: set[int] = set()
        for answer in await asyncio.gather(*waiting):
            late |= set(answer)
        return late

    def forget(self, one: int) -> None:
        """Have a socket closed there: the client of one that is closed here alone would never know."""
        if one in self._known:
            self._known.discard(one)
            self._gone.append(one)
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.create_task(self._flush())

    async def close(self) -> None:
        """End the process, if there is one; it has copies of sockets only."""
        process, self._process = self._process, None
        channel, self._channel = self._channel, None
        self._known.clear()
        self._gone = array("I")
        answers, self._answers = self._answers, {}
        if channel is not None:
            asyncio.get_running_loop().remove_reader(channel)
            channel.close()
        for answer in answers.values():
            if not answer.done():
                answer.set_exception(FanError())
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _begin(self) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        await self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours.setblocking(False)
            self._channel = ours
            asyncio.get_running_loop().add_reader(ours, self._hear, ours)
            self._process = await asyncio.create_subprocess_exec(
                *command(main),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(_SECONDS), self._lock:
                await self._forget_gone()
        except (OSError, TimeoutError):
            await self.close()  # which closes its copies

    async def _forget_gone(self) -> None:
        gone, self._gone = self._gone, array("I")
        for some in _portions(gone, _IDS_AT_ONCE):
            await self._write(HEAD.pack(FORGET, 0, 0) + array("I", some).tobytes())

    async def _add(self, outlets: Mapping[int, Socket]) -> None:
        for some in _portions(list(outlets), MOST_SOCKETS):
            is_written = False
            while not is_written:
                # Asked for right before they are sent: a handle that was closed may be another client's by now.
                handles = {one: handle for one in some if (handle := outlets[one].handle) is not None}
                packet = HEAD.pack(ADD, 0, 0) + array("I", handles).tobytes()
                self._known.update(handles)  # before: whoever leaves from now on is to be forgotten there
                is_written = not handles or await self._try(packet, list(handles.values()))
                if not is_written:
                    self._known.difference_update(handles)

    async def _tell(self, frame: bytes, ids: Iterable[int]) -> "asyncio.Future[array[int]]":
        self._number += 1
        answer: asyncio.Future[array[int]] = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        await self._write(HEAD.pack(SEND, self._number, len(frame)) + frame + array("I", ids).tobytes())
        return answer

    async def _write(self, packet: bytes) -> None:
        while not await self._try(packet):
            pass

    async def _try(self, packet: bytes, handles: Sequence[int] = ()) -> bool:
        """Write a packet if it can be written now; wait until it can, and say that it isn't, if it can't."""
        if self._channel is None:
            raise FanError
        try:
            socket.send_fds(self._channel, [packet], list(handles))
        except BlockingIOError:
            await _writable(self._channel)
            return False
        return True

    def _hear(self, channel: socket.socket) -> None:
        try:
            packet = channel.recv(PACKET_BYTES + HEAD.size)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:  # it has ended; whoever waits for it is told so at once
            asyncio.get_running_loop().remove_reader(channel)
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(FanError())
            return
        _, number, _ = HEAD.unpack_from(packet)
        if number in self._answers and not (answer := self._answers.pop(number)).done():
            answer.set_result(array("I", packet[HEAD.size :]))


async def _writable(channel: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_writer(channel, tell)
    try:
        await ready
    finally:
        loop.remove_writer(channel)


def _portions(ids: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
