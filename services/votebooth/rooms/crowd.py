"""What the audience does in a room, and what hosts make of its questions."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from services.core.identity.subject import Kind, Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import closed, conflict, not_found, over_quota
from services.core.refusals import Refusals
from services.core.text import clean_line, clean_text
from services.votebooth.rooms import schemas
from services.votebooth.rooms.acts import Act, Acts
from services.votebooth.rooms.doors import Seat
from services.votebooth.rooms.repository import (
    LeaseRepository,
    MemberRepository,
    QuestionRepository,
    ReactionRepository,
    RoomRepository,
    VoteRepository,
    head_of,
    question_of,
)
from services.votebooth.rooms.state import Emoji, QuestionGone, QuestionVotes, RoomRole
from services.votebooth.settings import VoteBoothSettings

LEASE_SECONDS = 90.0
"""How long somebody counts as here who isn't heard of: clients beat twice in that time."""

STEP_SECONDS = 5.0
"""How much time reactions are added up over: long enough for many to vote and react in one."""


class Crowd:
    """Rooms, for those who have come."""

    def __init__(self, kit: Kit[VoteBoothSettings], people: People) -> None:
        self._kit = kit
        self._people = people
        self._acts = Acts(kit)

    async def join(self, seat: Seat, subject: Subject, name: str) -> None:
        """Come in, or take another name.

        Raises:
            Problem: 404, 422 for a guest without a name, 429 if the room is full.
        """
        guest = subject.kind is not Kind.USER
        found = Refusals("name-refused")
        name = found.text("name", clean_line, name, schemas.MAX_NAME, required=guest)
        found.check()
        if not name:
            person = await self._people.one(subject.id)
            name = (person.display_name or person.handle or "")[: schemas.MAX_NAME]
        async with self._kit.db.transaction() as session:
            members = MemberRepository(session)
            if await members.of(seat.room_id, subject.id) is None:
                # Where many come at once, a few more than the limit may pass.
                if await members.in_room(seat.room_id) >= self._kit.settings.room_audience:
                    raise over_quota("This room is full.")
                room = await RoomRepository(session).get_one_or_none(id=seat.room_id)
                if room is None:
                    raise not_found("room")
                if room.ended_at is not None:
                    raise closed("The room has ended.")
            await members.put(seat.room_id, subject.id, name, guest=guest)
            host = seat.role is RoomRole.HOST
            await LeaseRepository(session).renew(seat.room_id, subject.id, LEASE_SECONDS, host=host)

    async def beat(self, seat: Seat, subject: Subject) -> datetime:
        """Say that somebody is here; return until when that holds."""
        async with self._kit.db.transaction() as session:
            host = seat.role is RoomRole.HOST
            return await LeaseRepository(session).renew(seat.room_id, subject.id, LEASE_SECONDS, host=host)

    async def leave(self, seat: Seat, subject: Subject) -> None:
        """Leave a room; questions and votes stay."""
        async with self._kit.db.transaction() as session:
            await MemberRepository(session).leave(seat.room_id, subject.id)

    async def ask(self, seat: Seat, subject: Subject, question_id: UUID, new: schemas.QuestionNew) -> None:
        """Ask a question. The client gives it its id, so that asking again is no second one.

        Raises:
            Problem: 404, 409 if the id is another question's or questions aren't taken, 410, 422, 429.
        """
        found = Refusals("question-refused")
        text = found.text("text", clean_text, new.text, schemas.MAX_QUESTION)
        found.check()
        async with self._acts.on(seat.room_id) as act:
            questions = QuestionRepository(act.session)
            before = await questions.find(seat.room_id, question_id)
            if before is not None:
                if (before.asker_id, before.text, before.anonymous) != (subject.id, text, new.anonymous):
                    raise conflict("id-taken", "There is another question with this id. Choose a new one.")
                return
            if not act.head.settings.asking:
                raise conflict("not-asking", "This room takes no questions now.")
            await self._check_room(act, questions, seat.room_id, subject)
            name, guest = await self._name(act, seat, subject)
            row = await questions.add_or_ignore(
                {
                    "room_id": seat.room_id,
                    "id": question_id,
                    "asker_id": subject.id,
                    "name": name,
                    "guest": guest,
                    "text": text,
                    "anonymous": new.anonymous,
                    "state": "waiting" if act.head.settings.moderated else "shown",
                    "answered": False,
                    "pinned": False,
                    "votes": 0,
                    "asked_at": act.now,
                }
            )
            if row is not None:
                await act.write("question.asked", question_of(row))

    async def _check_room(self, act: Act, questions: QuestionRepository, room_id: UUID, subject: Subject) -> None:
        settings = self._kit.settings
        act.require_room()
        if await questions.asked(room_id, subject.id) >= settings.questions_per_person:
            raise over_quota(f"You have asked {settings.questions_per_person} questions, as many as one person may.")
        if await questions.asked(room_id) >= settings.questions_per_room:
            raise over_quota("This room has as many questions as it takes.")

    async def _name(self, act: Act, seat: Seat, subject: Subject) -> tuple[str, bool]:
        member = await MemberRepository(act.session).of(seat.room_id, subject.id)
        return ("", False) if member is None else (member.name, member.guest)

    async def vote(self, seat: Seat, subject: Subject, question_id: UUID, *, up: bool) -> int:
        """Vote for a question, or no longer; return its votes. Again, it does nothing.

        Raises:
            Problem: 404, 410, 429.
        """
        async with self._acts.on(seat.room_id) as act:
            questions, votes = QuestionRepository(act.session), VoteRepository(act.session)
            question = await questions.find(seat.room_id, question_id)
            if question is None or question.state != "shown":
                raise not_found("question")
            change = votes.put if up else votes.take_back
            if not await change(seat.room_id, question_id, subject.id):
                return question.votes
            act.require_room()
            number = question.votes + (1 if up else -1)
            await questions.change(seat.room_id, question_id, {"votes": number})
            await act.write("question.voted", QuestionVotes(question_id, number))
            return number

    async def moderate(self, room_id: UUID, subject: Subject, question_id: UUID, edit: schemas.QuestionEdit) -> None:
        """Approve a question, hide it, pin it, or say that it was answered.

        Raises:
            Problem: 403, 404, 410.
        """
        async with self._acts.by_host(room_id, subject) as act:
            questions = QuestionRepository(act.session)
            before = await questions.find(room_id, question_id)
            if before is None:
                raise not_found("question")
            wanted = {name: value for name in ("answered", "pinned") if (value := getattr(edit, name)) is not UNSET}
            if edit.shown is not UNSET:
                wanted["state"] = "shown" if edit.shown else "hidden"
            changes = {name: value for name, value in wanted.items() if getattr(before, name) != value}
            if changes:
                after = await questions.change(room_id, question_id, changes)
                await act.write("question.moderated", question_of(after), subject.id)

    async def remove(self, seat: Seat, subject: Subject, question_id: UUID) -> None:
        """Take one's own question back or, as a host, delete anybody's.

        Raises:
            Problem: 404 for another's.
        """
        async with self._acts.on(seat.room_id, over=True) as act:
            questions = QuestionRepository(act.session)
            question = await questions.find(seat.room_id, question_id)
            if question is None:
                return
            own = question.asker_id == subject.id
            if not own and subject.id not in {act.head.hosts.owner, *act.head.hosts.others}:
                raise not_found("question")
            await questions.remove(seat.room_id, question_id)
            name = "question.taken_back" if own else "question.deleted"
            await act.write(name, QuestionGone(question_id), None if own else subject.id)

    async def react(self, seat: Seat, emoji: Emoji) -> None:
        """Count a reaction; it is told with the others of its step of time, and whose it was isn't kept.

        Raises:
            Problem: 404, 409 if reactions aren't taken, 410.
        """
        async with self._kit.db.transaction() as session:
            room = await RoomRepository(session).get_one_or_none(id=seat.room_id)
            if room is None:
                raise not_found("room")
            head = head_of(room)
            if head.ended is not None or not head.settings.reacting:
                raise conflict("not-reacting", "This room takes no reactions now.")
            await ReactionRepository(session).add_one(seat.room_id, emoji, STEP_SECONDS)
