"""One live connection: what it was last offered, and what it has been sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from services.core.identity.subject import Subject
from services.votebooth.live.messages import PING, End, Frame, Key, encode, mark
from services.votebooth.results.state import Viewer

HEARTBEAT_SECONDS = 15.0
LEFT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class View:
    """What somebody may see of a poll at one moment.

    Attributes:
        status: Where the poll stands.
        standing: The message that says so.
        content: The counts, or the message that says why they are hidden.
    """

    status: str
    standing: bytes
    content: Frame | bytes


class Message:
    """A message for a client, and the mark to go on from after it."""

    __slots__ = ("data", "mark")

    def __init__(self, data: bytes, mark: str | None = None) -> None:
        self.data = data
        self.mark = mark


class Client:
    """A connection. It holds one view, the latest: whoever reads slowly misses those between.

    Args:
        viewer: Who looks.
        subject: The token's content; None without one.
        ends_at: When the connection ends, Unix seconds.
        since: What the client has from an earlier connection.
    """

    def __init__(self, viewer: Viewer, subject: Subject | None, ends_at: float, since: Key | None) -> None:
        self.viewer = viewer
        self.subject = subject
        self.ends_at = ends_at
        self._offered: View | None = None
        self.ended: str | None = None
        self._wake = asyncio.Event()
        self._roused = 0.0
        self._has: Key | bytes | None = since
        self._status: str | None = None

    def offer(self, view: View) -> None:
        """Put a view in the place of the one before; never waits."""
        if view != self._offered:
            self._offered = view
            self._rouse()

    def end(self, reason: str) -> None:
        """Let the connection end after one more message, instead of what was offered."""
        if self.ended is None:
            self.ended = reason
            self._rouse()

    def is_left(self, now: float) -> bool:
        """Say whether nobody reads any more: what was offered has waited longer than a send may take."""
        return self._wake.is_set() and self._roused + LEFT_SECONDS <= now

    def _rouse(self) -> None:
        if not self._wake.is_set():
            self._roused = time.time()
            self._wake.set()

    async def messages(self) -> AsyncIterator[Message]:
        """Give what is to be sent, until the connection ends."""
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                yield Message(PING)
                continue
            self._wake.clear()
            if self.ended is not None:
                yield Message(encode(End(reason=self.ended)))
                return
            if self._offered is not None:
                for message in self._news(self._offered):
                    yield message

    def _news(self, view: View) -> Iterator[Message]:
        """Give what leads from what the client has to a view."""
        content = view.content
        known = content if isinstance(content, bytes) else content.key
        # A client that comes back and missed nothing is told where the poll stands.
        resumed = self._status is None and known == self._has
        if resumed or (self._status is not None and view.status != self._status):
            yield Message(view.standing)
        self._status = view.status
        if known != self._has:
            if isinstance(content, bytes):
                yield Message(content)
            else:
                follows = content.prev is not None and content.prev == self._has
                yield Message(content.delta if follows else content.snapshot, mark(content.key))
        self._has = known
