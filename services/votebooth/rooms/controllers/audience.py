"""What the audience does, and what hosts make of its questions."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.votebooth.rooms import schemas
from services.votebooth.rooms.controllers.rules import ASKS, HOSTS, JOINS, REACTS, ROOMS, VOTES, RoomRef, knock
from services.votebooth.rooms.service import Rooms
from services.votebooth.rooms.state import QuestionVotes

AnyRequest = Request[Any, Any, Any]


class AudienceController(Controller):
    """Being in a room."""

    path = "/rooms/{room:str}"
    tags = ("Rooms",)

    @put(
        "/me",
        operation_id="RoomJoin",
        summary="Join a room",
        guards=JOINS,
        responses=problems(
            ROOMS, 400, 401, 404, 410, 413, 429, _422="`name-refused`: guests give a name of 40 characters at most."
        ),
    )
    async def join(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.RoomJoining],
    ) -> schemas.RoomSnapshot:
        """Come in by the code, under a name; again, it changes the name. Guests are welcome."""
        seat = await rooms.doors.enter(knock(request, room, subject))
        await rooms.crowd.join(seat, subject, data.name)
        return await rooms.reading.snapshot(seat, subject)

    @delete(
        "/me",
        operation_id="RoomLeave",
        summary="Leave a room",
        guards=JOINS,
        responses=problems(ROOMS, 400, 401, 404, 429),
    )
    async def leave(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> None:
        """Leave; what I asked and voted for stays."""
        await rooms.crowd.leave(await rooms.doors.seat(knock(request, room, subject)), subject)

    @put(
        "/presence",
        operation_id="RoomBeat",
        summary="Say that I am here",
        guards=JOINS,
        responses=problems(ROOMS, 400, 401, 404, 429),
    )
    async def beat(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> schemas.RoomLeased:
        """Count as here for 90 seconds more; send it every 45. Nothing else rests on it: no room ends for a silence."""
        seat = await rooms.doors.seat(knock(request, room, subject))
        return schemas.RoomLeased(await rooms.crowd.beat(seat, subject))

    @put(
        "/questions/{question:uuid}",
        operation_id="RoomQuestionPut",
        summary="Ask a question",
        status_code=204,
        guards=ASKS,
        responses=problems(
            ROOMS,
            400,
            401,
            403,
            404,
            410,
            413,
            429,
            _409="`not-asking`: questions aren't taken now. `id-taken`: by another question.",
            _422="`question-refused`: of 300 characters at most.",
        ),
    )
    async def ask(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        question: FromPath[UUID],
        data: JSONBody[schemas.QuestionNew],
    ) -> None:
        """Ask under an id that you choose, a random UUID, so that sending it again makes no second one.

        In a moderated room it waits until a host approves it.
        """
        seat = await rooms.doors.seat(knock(request, room, subject))
        await rooms.crowd.ask(seat, subject, question, data)

    @delete(
        "/questions/{question:uuid}",
        operation_id="RoomQuestionDelete",
        summary="Delete a question",
        guards=VOTES,
        responses=problems(ROOMS, 400, 401, 403, 404, 429),
    )
    async def remove(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        question: FromPath[UUID],
    ) -> None:
        """Take my question back, or, as a host, delete anybody's; where there is none, it does nothing."""
        seat = await rooms.doors.seat(knock(request, room, subject))
        await rooms.crowd.remove(seat, subject, question)

    @patch(
        "/questions/{question:uuid}",
        operation_id="RoomQuestionEdit",
        summary="Moderate a question",
        status_code=204,
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 413, 429),
    )
    async def moderate(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        question: FromPath[UUID],
        data: JSONBody[schemas.QuestionEdit],
    ) -> None:
        """Approve a question or hide it, pin it above the others, mark it as answered."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.crowd.moderate(room_id, subject, question, data)

    @put(
        "/questions/{question:uuid}/vote",
        operation_id="RoomQuestionVotePut",
        summary="Vote for a question",
        guards=VOTES,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 429),
    )
    async def vote(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        question: FromPath[UUID],
    ) -> QuestionVotes:
        """Want a question answered, once; again, it does nothing."""
        seat = await rooms.doors.seat(knock(request, room, subject))
        return QuestionVotes(question, await rooms.crowd.vote(seat, subject, question, up=True))

    @delete(
        "/questions/{question:uuid}/vote",
        operation_id="RoomQuestionVoteDelete",
        summary="Vote for a question no longer",
        status_code=200,
        guards=VOTES,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 429),
    )
    async def unvote(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        question: FromPath[UUID],
    ) -> QuestionVotes:
        """Take my vote for a question back; where there is none, it does nothing."""
        seat = await rooms.doors.seat(knock(request, room, subject))
        return QuestionVotes(question, await rooms.crowd.vote(seat, subject, question, up=False))

    @post(
        "/reactions",
        operation_id="RoomReact",
        summary="React",
        status_code=204,
        guards=REACTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 413, 429, _409="`not-reacting`: reactions aren't taken now."),
    )
    async def react(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.ReactionNew],
    ) -> None:
        """React with one of six. All of 5 seconds are told together, as numbers; whose they are isn't kept.

        It takes no Idempotency-Key: one more or less is nobody's.
        """
        seat = await rooms.doors.seat(knock(request, room, subject))
        await rooms.crowd.react(seat, data.emoji)
