"""Where a connection's messages go: straight into a WebSocket's transport, or to the generator of an event stream."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from services.core.live.messages import Position, mark

WAITING_BYTES = 65_536
"""What may wait to be sent to one client; whoever reads more slowly is brought up to date when they have read that."""

RETRY_MS = 1000


class Message:
    """One message, shaped once for all who get it.

    Args:
        data: JSON.
        position: Where the client stands after it; None if that changes nothing.
    """

    __slots__ = ("_frame", "data", "position")

    def __init__(self, data: bytes, position: Position | None = None) -> None:
        self.data = data
        self.position = position
        self._frame: bytes | None = None

    @property
    def framed(self) -> bytes:
        """The message as a WebSocket has it."""
        if self._frame is None:
            self._frame = frame(self.data)
        return self._frame


class Wire(Protocol):
    """What a WebSocket's server gives for writing past the framework (`WIRE` in its scope).

    Attributes:
        waiting: Returns how many bytes the client hasn't taken yet.
    """

    waiting: Callable[[], int]

    @property
    def handle(self) -> int | None:
        """The socket's file descriptor; None once it is closed, or about to be."""
        ...

    def write(self, data: bytes) -> None:
        """Send a whole frame."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Begin to close."""
        ...

    def abort(self) -> None:
        """End the connection at once."""
        ...


class Outlet(Protocol):
    """What messages are written to; nothing here waits.

    Attributes:
        is_socket: Whether it takes whole frames, written by whomever.
    """

    is_socket: bool

    @property
    def waiting(self) -> int:
        """How many bytes the client hasn't taken yet."""
        ...

    @property
    def handle(self) -> int | None:
        """The socket's file descriptor; None if there is none, or none any more."""
        ...

    def write(self, message: Message) -> None:
        """Send a message."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Send nothing more, and let the connection end after what was written."""
        ...

    def abort(self) -> None:
        """End the connection at once."""
        ...


class SocketOutlet:
    """A WebSocket. Its frame is the same for all clients and goes past the framework: one system call a client."""

    is_socket = True

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def waiting(self) -> int:
        """How many bytes the client hasn't taken yet."""
        return self._wire.waiting()

    @property
    def handle(self) -> int | None:
        """The socket's file descriptor; None once it is closed, or about to be."""
        return self._wire.handle

    def write(self, message: Message) -> None:
        """Send a message."""
        self._wire.write(message.framed)

    def close(self, code: int, reason: str) -> None:
        """Close with a code."""
        self._wire.close(code, reason)

    def abort(self) -> None:
        """End the connection at once."""
        self._wire.abort()


def frame(data: bytes) -> bytes:
    """Return a text message as a server sends it (RFC 6455, section 5.2): in one piece, without a mask."""
    size = len(data)
    if size < 126:
        return b"\x81" + size.to_bytes(1) + data
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2) + data
    return b"\x81\x7f" + size.to_bytes(8) + data


class StreamOutlet:
    """An event stream: what its generator gives next."""

    handle: int | None = None
    is_socket = False

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque([b"retry: %d\n\n" % RETRY_MS])
        self._wake = asyncio.Event()
        self._wake.set()
        self._ended = False
        self.waiting = 0

    def write(self, message: Message) -> None:
        """Send a message."""
        name = b"id: %b\n" % mark(message.position).encode() if message.position is not None else b""
        piece = b"%bdata: %b\n\n" % (name, message.data)
        self._pieces.append(piece)
        self.waiting += len(piece)
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """End after what was written."""
        self._ended = True
        self._wake.set()

    def abort(self) -> None:
        """End at once."""
        self._pieces.clear()
        self.close(0, "")

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give what is to be sent, until the connection ends."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pieces:
                piece = self._pieces[0]
                yield piece  # still counted as waiting: the client takes it now
                if self._pieces and self._pieces[0] is piece:
                    self._pieces.popleft()
                    self.waiting = max(0, self.waiting - len(piece))
            if self._ended:
                return
