"""Rooms and their logs."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Row, Uuid, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import Keyset
from services.core.data.repository import Repository, one_of, rows_of
from services.votebooth.models import (
    Room,
    RoomEntry,
    RoomLease,
    RoomMember,
    RoomQuestion,
    RoomReaction,
    RoomScreen,
    RoomVote,
)
from services.votebooth.rooms.state import RoomAudience, RoomHead, RoomHosts, RoomPart

MINE = Keyset("rooms", Room.id)
_OF_A_ROOM: tuple[Any, ...] = (RoomEntry, RoomMember, RoomLease, RoomReaction, RoomQuestion, RoomVote, RoomScreen)

_here = func.statement_timestamp()


class RoomRepository(Repository[Room]):
    """Rooms."""

    model_type = Room

    async def lock(self, room_id: UUID) -> Room | None:
        """Hold a room's row; return it as it is then."""
        statement = select(Room).where(Room.id == room_id).with_for_update()
        found: Room | None = (
            await self.session.execute(statement, execution_options={"populate_existing": True})
        ).scalar_one_or_none()
        return found

    async def by_code(self, code: str) -> Room | None:
        """Return the room that people come into by a code."""
        return await self.get_one_or_none(Room.code == code)

    async def codes_held(self, owner: UUID) -> int:
        """Return how many rooms of an account hold a code."""
        return await self.count(Room.owner_id == owner, Room.code.is_not(None))

    async def save(self, room: Room, seq: int, head: RoomHead, now: datetime, *, ended: bool) -> None:
        """Write a room's head, after the entries that changed it; the room is held."""
        values: dict[str, Any] = {"seq": seq, "head": msgspec.to_builtins(head), "acted_at": now}
        if ended:
            values["ended_at"] = now
        await self.session.execute(
            update(Room).where(Room.id == room.id).values(**values), execution_options={"synchronize_session": False}
        )

    async def remove(self, room_id: UUID) -> None:
        """Delete a room with all that is in it."""
        for table in _OF_A_ROOM:
            await self.session.execute(delete(table).where(table.room_id == room_id))
        await self.session.execute(delete(Room).where(Room.id == room_id))

    async def standing(self, room_id: UUID) -> tuple[int, str | None, datetime] | None:
        """Return where a room's log stands, its code, and the clock; None if it is gone."""
        statement = select(Room.seq, Room.code, func.clock_timestamp()).where(Room.id == room_id)
        row = (await self.session.execute(statement)).first()
        return None if row is None else (row[0], row[1], row[2])

    async def heads(self, rooms: Sequence[UUID]) -> dict[UUID, int]:
        """Return the number of the last entry of each room's log."""
        found = await self.session.execute(select(Room.id, Room.seq).where(Room.id.in_(rooms)))
        return {row.id: row.seq for row in found}

    async def hosted_by(self, rooms: Collection[UUID]) -> dict[UUID, tuple[int, RoomHosts]]:
        """Return the number of the last entry of each room's log, and its hosts, by one statement."""
        hosts = Room.head["hosts"].label("hosts")
        found = await self.session.execute(select(Room.id, Room.seq, hosts).where(one_of(Room.id, rooms)))
        return {row.id: (row.seq, msgspec.convert(row.hosts, RoomHosts)) for row in found}

    async def audiences(self, rooms: Sequence[UUID]) -> dict[UUID, RoomAudience]:
        """Return who is shown to be here, of those rooms that aren't over."""
        shown = Room.head["audience"].label("shown")
        found = await self.session.execute(select(Room.id, shown).where(Room.id.in_(rooms), Room.ended_at.is_(None)))
        return {row.id: msgspec.convert(row.shown, RoomAudience) for row in found}

    async def left_alone(self, days: int, limit: int) -> Sequence[UUID]:
        """Return rooms with a code in which nobody has done anything for so many days."""
        statement = (
            select(Room.id)
            .where(Room.code.is_not(None), Room.acted_at < _here - timedelta(days=days))
            .order_by(Room.acted_at)
            .limit(limit)
        )
        return (await self.session.scalars(statement)).all()

    async def release(self, room_id: UUID) -> None:
        """Give a room's code back, and let in nobody any more but its hosts."""
        await self.session.execute(update(Room).where(Room.id == room_id).values(code=None))
        for table in (RoomMember, RoomLease, RoomScreen, RoomVote):
            await self.session.execute(delete(table).where(table.room_id == room_id))


class EntryRepository(Repository[RoomEntry]):
    """Logs of rooms."""

    model_type = RoomEntry

    async def write(self, room: UUID, seq: int, at: datetime, act: str, actor: UUID | None, part: RoomPart) -> None:
        """Add an entry."""
        values = {"room_id": room, "seq": seq, "at": at, "actor": actor, "act": act}
        await self.session.execute(insert(RoomEntry).values(**values, part=msgspec.to_builtins(part)))

    async def after(self, room: UUID, seq: int, limit: int) -> Sequence[RoomEntry]:
        """Return the entries after a position, the earliest first."""
        statement = (
            select(RoomEntry).where(RoomEntry.room_id == room, RoomEntry.seq > seq).order_by(RoomEntry.seq).limit(limit)
        )
        return (await self.session.scalars(statement)).all()

    async def between(self, spans: Collection[tuple[UUID, int, int]]) -> Sequence[RoomEntry]:
        """Return the entries of rooms, of each after a position up to another one, in their order."""
        rooms, after, upto = zip(*spans, strict=True)
        given = rows_of(("room", Uuid(), rooms), ("after", BigInteger(), after), ("upto", BigInteger(), upto))
        among = (RoomEntry.room_id == given.c.room, RoomEntry.seq > given.c.after, RoomEntry.seq <= given.c.upto)
        statement = select(RoomEntry).join(given, and_(*among)).order_by(RoomEntry.room_id, RoomEntry.seq)
        return (await self.session.scalars(statement)).all()


def head_of(room: Room | Row[*tuple[Any, ...]]) -> RoomHead:
    """Return what a room is, its questions apart."""
    return msgspec.convert(room.head, RoomHead)


async def steady(session: AsyncSession) -> None:
    """Have all that this session reads be of one moment."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
