"""What a service says of a kind of stream: who may follow one, where it stands, what changed."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

from services.core.identity.subject import Subject
from services.core.live.messages import Position
from services.core.problems import not_found

MOST_EVENTS = 300
"""Changes that somebody who comes back is sent one by one; after more they get a snapshot."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Viewer:
    """Who follows a stream; one for each connection and stream, equal to no other.

    Attributes:
        subject: The verified identity; None without one.
        address: The client's address.
        token: What else they showed, such as a voting token.
    """

    subject: Subject | None
    address: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What leads from a position to the present.

    Attributes:
        position: Where it leads.
        state: Everything as it stands; None if `events` lead there.
        events: The changes in their order; empty if there were none.
    """

    position: Position
    state: Any = None
    events: tuple[Any, ...] = ()


class Look(Protocol):
    """One stream at one moment.

    Attributes:
        head: Differs whenever the stream has changed; compared with `Source.heads`.
        changes_in: Seconds after which the stream changes by itself; None if it doesn't.
    """

    @property
    def head(self) -> Hashable: ...  # noqa: D102  (above)

    @property
    def changes_in(self) -> float | None: ...  # noqa: D102  (above)

    def view(self, viewer: Viewer) -> Hashable:
        """Return which view of the stream somebody may have; those with equal views get the same messages.

        Raises:
            Problem: They may not follow it.
        """
        ...

    async def read(self, view: Any, since: Position | None) -> Reading:
        """Return what leads to the present, as one view shows it.

        Args:
            view: One of those that `view` gave.
            since: From where; None for a snapshot, which is also right where nothing else leads there.
        """
        ...


class Source(Protocol):
    """A kind of stream. Streams are named `KIND:KEY`.

    Attributes:
        kind: Of the name.
        state: The type of the states.
        events: The types of the events.
        signals: The types of the signals.
    """

    kind: ClassVar[str]
    state: ClassVar[Any]
    events: ClassVar[tuple[Any, ...]]
    signals: ClassVar[tuple[Any, ...]]

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> Look:
        """Return a stream as it stands.

        Args:
            key: Of the name; anything that a client may send.
            viewers: Who follow it; asked for each time, since what they may see changes.
            oldest: The lowest sequence number that any of them has; None if none has one.

        Raises:
            Problem: 404 if there is no such stream.
        """
        ...

    async def heads(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        """Return the heads of streams, by one statement: it is asked once a second for all that are followed."""
        ...

    async def hear(self, key: str, viewer: Viewer, kind: str) -> Any:
        """Take what somebody who follows a stream says to the others; return the signal to send them, or None.

        Raises:
            Problem: This isn't for them to say.
        """
        ...


def id_of(key: str, what: str) -> UUID:
    """Return the id that a stream is named by, in its one spelling: another would be another stream.

    Args:
        key: Of the name; anything that a client may send.
        what: What it names, for people.

    Raises:
        Problem: 404 if it isn't an id.
    """
    if (found := uuid_of(key)) is None:
        raise not_found(what)
    return found


def uuid_of(key: str) -> UUID | None:
    """Return the id that a stream is named by, in its one spelling; None if it isn't one."""
    try:
        found = UUID(key)
    except ValueError:
        return None
    return found if str(found) == key else None


class Silent:
    """For sources whose followers have nothing to say."""

    signals: ClassVar[tuple[Any, ...]] = ()

    async def hear(self, key: str, viewer: Viewer, kind: str) -> Any:
        """Refuse.

        Raises:
            Problem: 404.
        """
        raise not_found("signal")
