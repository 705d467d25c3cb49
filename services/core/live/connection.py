"""One client's connection and the streams that it follows."""

import random
import time
from collections.abc import Hashable
from itertools import count

import msgspec

from services.core.identity.subject import Subject
from services.core.live.messages import End, Position, Refused, encode
from services.core.live.outlet import WAITING_BYTES, Message, Outlet
from services.core.live.source import Viewer
from services.core.problems import Problem

LEFT_SECONDS = 30.0
"""A client that takes nothing for so long is gone."""

SPREAD_SECONDS = 5.0
"""Over how long clients come back whose server goes away."""

SMALL_BYTES = 4_096
"""Larger ones might be written in part, with another process's frame between the parts; they come a moment later."""

RESTART = 1012
NORMAL = 1000
_CODES = {"stopping": RESTART}
_numbers = count(1)


class Subscription:
    """One stream of one connection.

    Attributes:
        connection: Whose.
        viewer: Who follows.
        view: What they may see, as it was last asked.
        position: Where the client stands; None if it has nothing, or nothing that leads on.
        is_told: Whether the client has heard how the stream stands.
        is_late: Whether it couldn't be sent the last message.
    """

    __slots__ = ("connection", "is_late", "is_told", "position", "view", "viewer")

    def __init__(self, connection: "Connection", viewer: Viewer, position: Position | None) -> None:
        self.connection = connection
        self.viewer = viewer
        self.position = position
        self.view: Hashable = None
        self.is_told = False
        self.is_late = False

    def send(self, message: Message) -> None:
        """Send what leads on from the position, unless the client is behind: then it gets all at once, later."""
        self.sent(message, is_late=not self.connection.send(message))

    def sent(self, message: Message, *, is_late: bool) -> None:
        """Note that a message was sent, or couldn't be."""
        self.is_late = is_late
        if not is_late:
            self.position = message.position
            self.is_told = True


class Connection:
    """A WebSocket or an event stream.

    Args:
        subject: The token's content; None without one.
        outlet: Where messages go.
        ends_at: When it ends, Unix seconds.

    Attributes:
        number: Its own, in this process.
        shared: How many frames another process is about to write to it.
    """

    def __init__(self, subject: Subject | None, outlet: Outlet, ends_at: float) -> None:
        self.subject = subject
        self.ends_at = ends_at
        self.streams: dict[str, Subscription] = {}
        self.said_at = time.time()
        self.ended: str | None = None
        self.number = next(_numbers)
        self.outlet = outlet
        self.shared = 0
        self._behind_since: float | None = None

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be taken that nothing more is sent."""
        return self.outlet.waiting > WAITING_BYTES

    @property
    def is_idle(self) -> bool:
        """Whether it is a WebSocket to which nothing waits to be sent."""
        return self.ended is None and self.outlet.is_socket and not self.outlet.waiting

    def send(self, message: Message) -> bool:
        """Send a message; say whether it was sent."""
        if self.ended is not None or self.is_behind:
            return False
        if self.shared and len(message.data) > SMALL_BYTES:
            return False
        self.outlet.write(message)
        self.said_at = time.time()
        return True

    def refuse(self, stream: str, problem: Problem) -> None:
        """Say why a stream can't be followed."""
        self.send(Message(encode(Refused(stream=stream, problem=msgspec.Raw(encode(problem.document))))))

    def end(self, reason: str) -> None:
        """End the connection after one more message; again, it does nothing."""
        if self.ended is None:
            spread = SPREAD_SECONDS if reason == "stopping" else 1.0
            last = End(reason=reason, retry_ms=int(random.uniform(0, spread) * 1000))  # noqa: S311  (no secret)
            self.send(Message(encode(last)))
            self.ended = reason
            self.outlet.close(_CODES.get(reason, NORMAL), reason)

    def is_left(self, now: float) -> bool:
        """Say whether nobody reads any more: something has waited for longer than a send may take."""
        if not self.outlet.waiting:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        return self._behind_since is not None and self._behind_since + LEFT_SECONDS <= now

    def abort(self) -> None:
        """End the connection at once."""
        self.ended = self.ended or "too-slow"
        self.outlet.abort()
