"""What becomes of a deleted account's part in rooms: their own rooms go, and in others' nothing says who they were.

A log's entries keep their numbers and what they did to the room; names and ids in them are taken out.
"""

from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.ids import NOBODY
from services.core.personal import Part
from services.votebooth.models import Room, RoomLease, RoomMember, RoomQuestion, RoomVote
from services.votebooth.rooms.repository import RoomRepository

_AT_ONCE = 20
"""Rooms; each may have a long log."""

_NAMELESS = text(
    "UPDATE room_log SET part = jsonb_set(part, '{by}', 'null') WHERE part ->> 'type' = 'question'"
    " AND part ->> 'id' = ANY(SELECT id::text FROM room_questions WHERE asker_id = :account)"
)
_ACTORS = text("UPDATE room_log SET actor = :nobody WHERE actor = :account")
# Ids of hosts, and of who put polls on the agenda, stand in parts and heads.
_NAMED = tuple(
    text(
        f"UPDATE {table} SET {column} = replace({column}::text, :account, :nobody)::jsonb"  # noqa: S608  (constants)
        f" WHERE position(:account IN {column}::text) > 0"
    )
    for table, column in (("room_log", "part"), ("rooms", "head"))
)


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Erase some of an account's rooms, then its part in others'; say whether there may be more."""
    mine = select(Room.id).where(Room.owner_id == account).limit(_AT_ONCE)
    rooms = (await session.scalars(mine)).all()
    for room in rooms:
        await RoomRepository(session).lock(room)
        await RoomRepository(session).remove(room)
    if rooms:
        return True
    await session.execute(_NAMELESS, {"account": account})
    await session.execute(update(RoomQuestion).where(RoomQuestion.asker_id == account).values(asker_id=NOBODY, name=""))
    await session.execute(update(RoomVote).where(RoomVote.voter_id == account).values(voter_id=func.gen_random_uuid()))
    for table in (RoomMember, RoomLease):
        await session.execute(delete(table).where(table.subject_id == account))
    await session.execute(_ACTORS, {"account": account, "nobody": NOBODY})
    for statement in _NAMED:
        await session.execute(statement, {"account": str(account), "nobody": str(NOBODY)})
    return False


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of its rooms and of what it asked in others'."""
    rooms = select(
        Room.id, Room.code, Room.head["settings"]["title"].as_string().label("title"), Room.created_at, Room.ended_at
    ).where(Room.owner_id == account)
    questions = select(
        RoomQuestion.id, RoomQuestion.room_id, RoomQuestion.text, RoomQuestion.name, RoomQuestion.asked_at
    ).where(RoomQuestion.asker_id == account)
    return [Part("rooms", rooms, Room.id), Part("room_questions", questions, RoomQuestion.id)]
