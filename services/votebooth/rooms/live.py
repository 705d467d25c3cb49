"""Rooms as live streams, `room:ID`: their logs, as each role sees them."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from services.core.data.database import is_passing
from services.core.live.log import Asked, Change, LogsSource, Span, Standing
from services.core.live.messages import Position
from services.core.live.source import Viewer, uuid_of
from services.core.problems import Problem, not_found
from services.votebooth.rooms.doors import Doors, Seat, Standings
from services.votebooth.rooms.reading import Reading
from services.votebooth.rooms.schemas import RoomChange, RoomSnapshot
from services.votebooth.rooms.state import RoomRole

_EPOCH = "log"
"""A room's log never begins anew."""


class RoomLog:
    """Logs of rooms. A view is a role; what somebody has done themselves isn't in it."""

    def __init__(self, doors: Doors, reading: Reading) -> None:
        self._doors = doors
        self._reading = reading

    async def stands(self, asked: Sequence[Asked]) -> list[Standing | Problem]:
        """Return where rooms stand, and what each viewer is in theirs."""
        rooms = [uuid_of(each.key) for each in asked]
        found = await self._doors.roles(
            [
                (room, [(viewer.subject, viewer.token) for viewer in each.viewers])
                for room, each in zip(rooms, asked, strict=True)
                if room is not None
            ]
        )
        in_order = iter(found)
        return [
            not_found("room") if room is None else _standing(next(in_order), each.viewers)
            for room, each in zip(rooms, asked, strict=True)
        ]

    async def changes(self, spans: Sequence[Span]) -> list[list[Change]]:
        """Return entries of rooms' logs, as hosts see them."""
        found = await self._reading.entries([(UUID(span.key), span.after, span.upto) for span in spans])
        return [[Change(entry.seq, entry) for entry in found[UUID(span.key)]] for span in spans]

    async def snapshot(self, key: str, view: RoomRole) -> tuple[Position, RoomSnapshot]:
        """Return a room as a role sees it."""
        seen = await self._reading.snapshot(Seat(UUID(key), view), None)
        return Position(_EPOCH, seen.seq), seen

    def shown(self, view: RoomRole, event: RoomChange) -> RoomChange | None:
        """Return an entry as a role sees it."""
        return self._reading.shown(view, event)

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        """Return where rooms stand."""
        found = await self._reading.heads([UUID(key) for key in keys])
        return {str(room): Position(_EPOCH, seq) for room, seq in found.items()}


def _standing(found: Standings | None, viewers: Collection[Viewer]) -> Standing | Problem:
    if found is None:
        return not_found("room")
    views: dict[Viewer, Hashable | Problem] = {
        viewer: role or not_found("room") for viewer, role in zip(viewers, found.roles, strict=True)
    }
    return Standing(Position(_EPOCH, found.seq), views)


class RoomSource(LogsSource):
    """The streams `room:ID`."""

    kind: ClassVar[str] = "room"
    state: ClassVar[Any] = RoomSnapshot
    events: ClassVar[tuple[Any, ...]] = (RoomChange,)

    def __init__(self, doors: Doors, reading: Reading) -> None:
        super().__init__(RoomLog(doors, reading), is_passing)
