"""Rooms as live streams, `room:ID`: their logs, as each role sees them."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from services.core.live.log import Change, LogSource, Standing
from services.core.live.messages import Position
from services.core.live.source import Viewer, id_of
from services.core.problems import Problem, not_found
from services.votebooth.rooms.doors import Doors, Seat
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

    async def stand(self, key: str, viewers: Collection[Viewer]) -> Standing:
        """Return where a room stands, and what each viewer is in it.

        Raises:
            Problem: 404 if there is no such room.
        """
        seq, roles = await self._doors.roles(id_of(key, "room"), [(each.subject, each.token) for each in viewers])
        views: dict[Viewer, Hashable | Problem] = {
            viewer: role or not_found("room") for viewer, role in zip(viewers, roles, strict=True)
        }
        return Standing(Position(_EPOCH, seq), views)

    async def changes(self, key: str, after: int, upto: int) -> Sequence[Change]:
        """Return entries of a room's log, as hosts see them."""
        entries = await self._reading.entries(UUID(key), after, upto)
        return [Change(entry.seq, entry) for entry in entries]

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


class RoomSource(LogSource):
    """The streams `room:ID`."""

    kind: ClassVar[str] = "room"
    state: ClassVar[Any] = RoomSnapshot
    events: ClassVar[tuple[Any, ...]] = (RoomChange,)

    def __init__(self, doors: Doors, reading: Reading) -> None:
        super().__init__(RoomLog(doors, reading))
