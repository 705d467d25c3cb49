"""Streams that are a log in Postgres: each change is a row with the next sequence number, written with what it changes.

Such a service implements `Log`; `LogSource` makes a `Source` of it.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from services.core.live.messages import Position
from services.core.live.source import MOST_EVENTS, Reading, Silent, Viewer
from services.core.problems import Problem


class Change(NamedTuple):
    """One row of a log.

    Attributes:
        seq: Its sequence number.
        event: What changed; `Log.shown` says who sees it.
    """

    seq: int
    event: Any


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a log stands.

    Attributes:
        position: Of its last change.
        views: What each viewer may see, or why they may see nothing.
        changes_in: Seconds after which it changes by itself; None if it doesn't.
    """

    position: Position
    views: Mapping[Viewer, Hashable | Problem]
    changes_in: float | None = None


class Log(Protocol):
    """What a service says of its logs."""

    async def stand(self, key: str, viewers: Collection[Viewer]) -> Standing:
        """Return where a log stands and who may see it; the key is anything that a client may send.

        Raises:
            Problem: 404 if there is no such log.
        """
        ...

    async def changes(self, key: str, after: int, upto: int) -> Sequence[Change]:
        """Return the changes after one sequence number up to another, in their order."""
        ...

    async def snapshot(self, key: str, view: Any) -> tuple[Position, Any]:
        """Return everything as one view shows it, and where the log stood then, read together."""
        ...

    def shown(self, view: Any, event: Any) -> Any:
        """Return a change as one view shows it; None if it doesn't."""
        ...

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        """Return where logs stand, by one statement."""
        ...


class LogLook:
    """A log at one moment."""

    def __init__(self, log: Log, key: str, standing: Standing, after: int, changes: Sequence[Change]) -> None:
        self.head = standing.position
        self.changes_in = standing.changes_in
        self._log = log
        self._key = key
        self._views = standing.views
        self._after = after
        self._changes = changes

    def view(self, viewer: Viewer) -> Hashable:
        """Return which view somebody may have.

        Raises:
            Problem: They may not follow it.
        """
        view = self._views[viewer]
        if isinstance(view, Problem):
            raise view
        return view

    async def read(self, view: Any, since: Position | None) -> Reading:
        """Return what leads to the present, as one view shows it."""
        if since is not None and since.epoch == self.head.epoch and self._after <= since.seq <= self.head.seq:
            shown = [
                (change.seq, event)
                for change in self._changes
                if change.seq > since.seq and (event := self._log.shown(view, change.event)) is not None
            ]
            # What isn't shown doesn't move the client: it would tell that something happened.
            position = Position(self.head.epoch, shown[-1][0]) if shown else since
            return Reading(position, events=tuple(event for _, event in shown))
        position, state = await self._log.snapshot(self._key, view)
        return Reading(position, state)


class LogSource(Silent):
    """A `Source` of logs; its subclass says what its states and events are.

    Args:
        log: Where they are.
    """

    kind: ClassVar[str]
    state: ClassVar[Any]
    events: ClassVar[tuple[Any, ...]]
    looks: ClassVar[type[LogLook]] = LogLook

    def __init__(self, log: Log) -> None:
        self.log = log

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> LogLook:
        """Return a log as it stands, with the changes since the oldest position that still leads on."""
        standing = await self.log.stand(key, viewers)
        head = standing.position.seq
        after = head if oldest is None else min(head, max(oldest, head - MOST_EVENTS))
        changes = await self.log.changes(key, after, head) if after < head else ()
        return self.looks(self.log, key, standing, after, changes)

    async def heads(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        """Return where logs stand."""
        return await self.log.heads(keys)
