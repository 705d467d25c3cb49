"""What the audience says: questions, votes for them, and reactions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository
from services.votebooth.models import RoomQuestion, RoomReaction, RoomVote
from services.votebooth.rooms.state import AskedQuestion, Asker

_here = func.statement_timestamp()


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
