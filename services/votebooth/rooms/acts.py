"""Acts: each holds the room, adds to its log and leaves the room as the log says, in one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import Problem, closed, not_found, over_quota
from services.votebooth.models import Room
from services.votebooth.rooms.doors import not_a_host
from services.votebooth.rooms.repository import EntryRepository, RoomRepository, head_of
from services.votebooth.rooms.state import RoomEnded, RoomHead, RoomPart, with_part
from services.votebooth.settings import VoteBoothSettings

MOST_ENTRIES = 100_000
"""After so many entries of its log a room takes nothing more from the audience; hosts go on."""

MOST_PULSES = 120_000
"""After so many its own steps, of reactions and of the audience's size, aren't told any more."""


class Act:
    """A room that is held while somebody does something in it.

    Attributes:
        session: The transaction.
        room: The room's row, as it was when it was locked.
        head: What the room is now.
        now: The database's clock after the room was locked, so that the log's times grow with its numbers.
    """

    def __init__(self, session: AsyncSession, room: Room, now: datetime) -> None:
        self.session = session
        self.room = room
        self.head: RoomHead = head_of(room)
        self.now = now
        self.seq = room.seq

    async def write(self, act: str, part: RoomPart, actor: UUID | None = None) -> None:
        """Add an entry to the log.

        Args:
            act: What is done.
            part: What it makes of a part of the room.
            actor: The host who does it.
        """
        self.seq += 1
        self.head = with_part(self.head, part)
        await EntryRepository(self.session).write(self.room.id, self.seq, self.now, act, actor, part)

    def require_room(self) -> None:
        """Refuse what the audience does in a room with a very long log.

        Raises:
            Problem: 429.
        """
        if self.seq >= MOST_ENTRIES:
            raise over_quota("So much has happened in this room that it takes nothing more from the audience.")

    def require_host(self, subject: Subject) -> None:
        """Refuse somebody who isn't a host, or is none any more.

        Raises:
            Problem: 403.
        """
        hosts = self.head.hosts
        if subject.id != hosts.owner and subject.id not in hosts.others:
            raise not_a_host()

    def require_owner(self, subject: Subject) -> None:
        """Refuse somebody who isn't the owner.

        Raises:
            Problem: 403.
        """
        if subject.id != self.head.hosts.owner:
            raise Problem(403, "not-the-owner", "This is somebody else's", "Only the room's owner can do this.")


class Acts:
    """Opens acts."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit

    @asynccontextmanager
    async def on(self, room_id: UUID, *, over: bool = False) -> AsyncIterator[Act]:
        """Hold a room; what was written is committed when the block ends.

        Args:
            room_id: The room.
            over: Whether it may be over.

        Raises:
            Problem: 404 if it is gone, 410 if it is over.
        """
        async with self._kit.db.transaction() as session:
            rooms = RoomRepository(session)
            room = await rooms.lock(room_id)
            if room is None:
                raise not_found("room")
            act = Act(session, room, await rooms.clock())
            if act.head.ended is not None and not over:
                raise closed("The room has ended.")
            yield act
            if act.seq != room.seq:
                ended = isinstance(act.head.ended, RoomEnded) and room.ended_at is None
                await rooms.save(room, act.seq, act.head, act.now, ended=ended)
        self._kit.shared.broadcast.send(f"room:{room_id}")

    @asynccontextmanager
    async def by_host(self, room_id: UUID, subject: Subject, *, over: bool = False) -> AsyncIterator[Act]:
        """Hold a room for one of its hosts.

        Raises:
            Problem: 403, 404, 410.
        """
        async with self.on(room_id, over=over) as act:
            act.require_host(subject)
            yield act
