"""Every SQL statement of rooms."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import Keyset
from services.core.data.repository import Repository
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
from services.votebooth.rooms.state import AskedQuestion, Asker, RoomAudience, RoomHead, RoomPart

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


class MemberRepository(Repository[RoomMember]):
    """Who has come in."""

    model_type = RoomMember

    async def put(self, room: UUID, subject: UUID, name: str, *, guest: bool) -> None:
        """Let somebody in, or give them another name."""
        new = insert(RoomMember).values(room_id=room, subject_id=subject, name=name, guest=guest)
        changed = {"name": new.excluded.name, "guest": new.excluded.guest}
        await self.session.execute(new.on_conflict_do_update(index_elements=["room_id", "subject_id"], set_=changed))

    async def of(self, room: UUID, subject: UUID) -> RoomMember | None:
        """Return how somebody came in; None if they haven't."""
        return await self.get_one_or_none(RoomMember.room_id == room, RoomMember.subject_id == subject)

    async def among(self, room: UUID, subjects: Collection[UUID]) -> set[UUID]:
        """Return those of some people who have come in."""
        here = select(RoomMember.subject_id).where(RoomMember.room_id == room, RoomMember.subject_id.in_(subjects))
        return set((await self.session.scalars(here)).all())

    async def in_room(self, room: UUID) -> int:
        """Return how many have come in."""
        return await self.count(RoomMember.room_id == room)

    async def leave(self, room: UUID, subject: UUID) -> None:
        """Forget that somebody came in."""
        for table in (RoomMember, RoomLease):
            mine: Any = (table.room_id == room, table.subject_id == subject)
            await self.session.execute(delete(table).where(*mine))


class LeaseRepository(Repository[RoomLease]):
    """Who is here."""

    model_type = RoomLease

    async def renew(self, room: UUID, subject: UUID, seconds: float, *, host: bool = False) -> datetime:
        """Note that somebody is here; return until when that holds."""
        until = _here + timedelta(seconds=seconds)
        new = insert(RoomLease).values(room_id=room, subject_id=subject, until=until, host=host)
        values = {"until": new.excluded.until, "host": new.excluded.host}
        changed = new.on_conflict_do_update(index_elements=["room_id", "subject_id"], set_=values)
        ends: datetime = (await self.session.execute(changed.returning(RoomLease.until))).scalar_one()
        return ends

    async def renew_hosts(self, here: Collection[tuple[UUID, UUID]], seconds: float) -> None:
        """Note, by one statement, which hosts are in which rooms; who said that they stay for longer does."""
        until = _here + timedelta(seconds=seconds)
        # In one order, or two processes could wait for each other.
        rows = [{"room_id": room, "subject_id": host, "until": until, "host": True} for room, host in sorted(here)]
        if rows:
            new = insert(RoomLease).values(rows)
            longer = {"until": func.greatest(RoomLease.until, new.excluded.until), "host": True}
            await self.session.execute(new.on_conflict_do_update(index_elements=["room_id", "subject_id"], set_=longer))

    async def here(self) -> dict[UUID, int]:
        """Return how many are in the audience of each room that somebody was in not long ago."""
        ahead = func.count().filter(RoomLease.until > _here)
        among = select(RoomLease.room_id, ahead).where(~RoomLease.host).group_by(RoomLease.room_id)
        return {row.room_id: row[1] for row in await self.session.execute(among)}

    async def hosted(self) -> dict[UUID, bool]:
        """Return whether a host is in each room that one was in, and that wasn't told yet that none is."""
        anybody = func.bool_or(RoomLease.until > _here)
        rows = await self.session.execute(
            select(RoomLease.room_id, anybody).where(RoomLease.host).group_by(RoomLease.room_id)
        )
        return {row.room_id: row[1] for row in rows}

    async def forget(self, seconds: float) -> None:
        """Drop the audience's leases that ended so long ago that everybody has seen it."""
        ended = RoomLease.until < _here - timedelta(seconds=seconds)
        await self.session.execute(delete(RoomLease).where(~RoomLease.host, ended))

    async def forget_hosts(self, room: UUID) -> None:
        """Drop the leases of a room's hosts that have ended."""
        ended = (RoomLease.room_id == room, RoomLease.host, RoomLease.until <= _here)
        await self.session.execute(delete(RoomLease).where(*ended))


class ReactionRepository(Repository[RoomReaction]):
    """Reactions of steps that aren't told yet."""

    model_type = RoomReaction

    async def add_one(self, room: UUID, emoji: str, seconds: float) -> None:
        """Count a reaction in the step of time that it falls into."""
        # In microseconds, so that a step's end is the same moment for each of its reactions.
        step = int(seconds * 1_000_000)
        until = text(
            "to_timestamp((floor(extract(epoch FROM statement_timestamp()) * 1000000 / :step) + 1) * :step / 1000000)"
        ).bindparams(step=step)
        moment: datetime = (await self.session.execute(select(until))).scalar_one()
        new = insert(RoomReaction).values(room_id=room, until=moment, emoji=emoji, count=1)
        await self.session.execute(
            new.on_conflict_do_update(
                index_elements=["room_id", "until", "emoji"], set_={"count": RoomReaction.count + 1}
            )
        )

    async def rooms_due(self) -> Sequence[UUID]:
        """Return the rooms that have a step which is over."""
        statement = select(RoomReaction.room_id).where(RoomReaction.until <= _here).distinct()
        return (await self.session.scalars(statement)).all()

    async def take(self, room: UUID) -> list[tuple[datetime, dict[str, int]]]:
        """Take the steps of a room that are over; the room is held."""
        over = (RoomReaction.room_id == room, RoomReaction.until <= _here)
        taken = delete(RoomReaction).where(*over).returning(RoomReaction.until, RoomReaction.emoji, RoomReaction.count)
        steps: dict[datetime, dict[str, int]] = {}
        for until, emoji, number in await self.session.execute(taken):
            steps.setdefault(until, {})[emoji] = number
        return sorted(steps.items())


class QuestionRepository(Repository[RoomQuestion]):
    """Questions."""

    model_type = RoomQuestion

    async def all(self, room: UUID) -> list[AskedQuestion]:
        """Return all questions of a room, as hosts see them."""
        rows = await self.session.scalars(select(RoomQuestion).where(RoomQuestion.room_id == room))
        return [question_of(row) for row in rows]

    async def find(self, room: UUID, question: UUID) -> RoomQuestion | None:
        """Return a question of a room."""
        return await self.get_one_or_none(RoomQuestion.room_id == room, RoomQuestion.id == question)

    async def asked(self, room: UUID, asker: UUID | None = None) -> int:
        """Return how many questions a room has, or has of somebody."""
        theirs = () if asker is None else (RoomQuestion.asker_id == asker,)
        return await self.count(RoomQuestion.room_id == room, *theirs)

    async def change(self, room: UUID, question: UUID, values: dict[str, Any]) -> RoomQuestion:
        """Change a question; return it as it is now."""
        where = (RoomQuestion.room_id == room, RoomQuestion.id == question)
        return (await self.update_where(*where, values=values))[0]

    async def remove(self, room: UUID, question: UUID) -> None:
        """Delete a question and the votes for it."""
        await self.session.execute(delete(RoomVote).where(RoomVote.room_id == room, RoomVote.question_id == question))
        await self.session.execute(
            delete(RoomQuestion).where(RoomQuestion.room_id == room, RoomQuestion.id == question)
        )

    async def by(self, room: UUID, asker: UUID) -> list[UUID]:
        """Return what somebody asked."""
        mine = select(RoomQuestion.id).where(RoomQuestion.room_id == room, RoomQuestion.asker_id == asker)
        return list(await self.session.scalars(mine))


class VoteRepository(Repository[RoomVote]):
    """Votes for questions."""

    model_type = RoomVote

    async def put(self, room: UUID, question: UUID, voter: UUID) -> bool:
        """Add a vote; say whether it is new."""
        values = {"room_id": room, "question_id": question, "voter_id": voter}
        return await self.add_or_ignore(values) is not None

    async def take_back(self, room: UUID, question: UUID, voter: UUID) -> bool:
        """Take a vote back; say whether there was one."""
        mine = (RoomVote.room_id == room, RoomVote.question_id == question, RoomVote.voter_id == voter)
        gone = await self.session.execute(delete(RoomVote).where(*mine).returning(RoomVote.voter_id))
        return gone.first() is not None

    async def by(self, room: UUID, voter: UUID) -> list[UUID]:
        """Return what somebody voted for."""
        mine = select(RoomVote.question_id).where(RoomVote.room_id == room, RoomVote.voter_id == voter)
        return list(await self.session.scalars(mine))


class ScreenRepository(Repository[RoomScreen]):
    """Screens."""

    model_type = RoomScreen

    async def put(self, room: UUID, screen: UUID, token_hash: bytes, label: str) -> None:
        """Let a screen in, or give it another token."""
        new = insert(RoomScreen).values(room_id=room, id=screen, token_hash=token_hash, label=label)
        changed = {"token_hash": new.excluded.token_hash, "label": new.excluded.label}
        await self.session.execute(new.on_conflict_do_update(index_elements=["room_id", "id"], set_=changed))

    async def of(self, room: UUID) -> Sequence[RoomScreen]:
        """Return a room's screens, the earliest first."""
        statement = select(RoomScreen).where(RoomScreen.room_id == room).order_by(RoomScreen.made_at, RoomScreen.id)
        return (await self.session.scalars(statement)).all()

    async def is_let_in(self, room: UUID, token_hash: bytes) -> bool:
        """Say whether a screen with this token may look."""
        found = exists().where(RoomScreen.room_id == room, RoomScreen.token_hash == token_hash)
        return bool((await self.session.execute(select(found))).scalar_one())

    async def remove(self, room: UUID, screen: UUID) -> bool:
        """Let a screen in no more; say whether it was."""
        this = (RoomScreen.room_id == room, RoomScreen.id == screen)
        gone = await self.session.execute(delete(RoomScreen).where(*this).returning(RoomScreen.id))
        return gone.first() is not None


def question_of(row: RoomQuestion) -> AskedQuestion:
    """Return a question as hosts see it."""
    return AskedQuestion(
        id=row.id,
        text=row.text,
        by=Asker(row.name, row.guest),
        anonymous=row.anonymous,
        state=row.state,  # type: ignore[arg-type]  # the only ones that are written
        answered=row.answered,
        pinned=row.pinned,
        votes=row.votes,
        asked_at=row.asked_at,
    )


def head_of(room: Room | Row[*tuple[Any, ...]]) -> RoomHead:
    """Return what a room is, its questions apart."""
    return msgspec.convert(room.head, RoomHead)


async def steady(session: AsyncSession) -> None:
    """Have all that this session reads be of one moment."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
