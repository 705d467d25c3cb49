"""Streams that are a log in Postgres: each change is a row with the next sequence number, written with what it changes.

Such a service implements `Logs`, which is asked of many of them at once; `LogsSource` makes a `Source` of it.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from services.core.live.gathering import Gathering
from services.core.live.messages import Position
from services.core.live.source import MOST_EVENTS, Reading, Silent, Viewer
from services.core.problems import Problem

_CHANGES_AT_ONCE = 1_000
"""After a long break everybody comes back at once, and each may lack hundreds."""


class Change(NamedTuple):
    """One row of a log.

    Attributes:
        seq: Its sequence number.
        event: What changed; `Logs.shown` says who sees it.
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


class Asked(NamedTuple):
    """A log that is asked for; see `Source.look`."""

    key: str
    viewers: Collection[Viewer]
    oldest: int | None = None


class Span(NamedTuple):
    """Some of a log: the changes after one sequence number up to another."""

    key: str
    after: int
    upto: int


class Logs(Protocol):
    """What a service says of its logs, asked of many at a time."""

    async def stands(self, asked: Sequence[Asked]) -> Sequence[Standing | Problem]:
        """Return where logs stand and who may see them, in the order asked; of one that isn't there, that it isn't.

        How many statements that takes mustn't depend on how many logs there are.
        """
        ...

    async def changes(self, spans: Sequence[Span]) -> Sequence[Sequence[Change]]:
        """Return the changes of each span in their order, by as many statements however many spans there are."""
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

    def __init__(self, log: Logs, key: str, standing: Standing, after: int, changes: Sequence[Change]) -> None:
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


class LogsSource(Silent):
    """A `Source` of logs that are looked at together; its subclass says what its states and events are.

    Args:
        log: Where they are.
        is_passing: Says of an exception that another look may work, whichever logs are looked at.
    """

    kind: ClassVar[str]
    state: ClassVar[Any]
    events: ClassVar[tuple[Any, ...]]
    looks: ClassVar[type[LogLook]] = LogLook

    def __init__(self, log: Logs, is_passing: Callable[[BaseException], bool]) -> None:
        self.log = log
        self._gathering: Gathering[Asked, LogLook] = Gathering(self._look, is_passing)

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> LogLook:
        """Return a log as it stands, with the changes since the oldest position that still leads on."""
        return await self._gathering.ask(Asked(key, viewers, oldest))

    async def heads(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        """Return where logs stand."""
        return await self.log.heads(keys)

    async def _look(self, asked: Sequence[Asked]) -> Sequence[LogLook | Problem]:
        standings = await self.log.stands(asked)
        spans: dict[str, Span] = {}  # by key: one log may be asked for twice, by a watch and for a ticket
        for each, standing in zip(asked, standings, strict=True):
            if isinstance(standing, Standing):
                after, head = _span(standing, each.oldest)
                before = spans.get(each.key, Span(each.key, head, head))
                spans[each.key] = Span(each.key, min(after, before.after), max(head, before.upto))
        changes: dict[str, Sequence[Change]] = {}
        for some in _portions([span for span in spans.values() if span.after < span.upto]):
            found = await self.log.changes(some)
            changes |= {span.key: rows for span, rows in zip(some, found, strict=True)}
        return [
            self.looks(self.log, each.key, standing, spans[each.key].after, changes.get(each.key, ()))
            if isinstance(standing, Standing)
            else standing
            for each, standing in zip(asked, standings, strict=True)
        ]


def _span(standing: Standing, oldest: int | None) -> tuple[int, int]:
    """Return after which change those are wanted that lead to the present, and which is the last."""
    head = standing.position.seq
    return (head if oldest is None else min(head, max(oldest, head - MOST_EVENTS))), head


def _portions(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Cut spans into portions of no more changes than are read at a time, or of one span."""
    some: list[Span] = []
    size = 0
    for span in spans:
        more = span.upto - span.after
        if some and size + more > _CHANGES_AT_ONCE:
            yield some
            some, size = [], 0
        some.append(span)
        size += more
    if some:
        yield some
