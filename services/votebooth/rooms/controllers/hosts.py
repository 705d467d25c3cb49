"""Rooms, their hosts and their screens. Litestar wants all routes of a path in one class."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, IdempotencyKey, Limit, problems
from services.core.identity.subject import Subject
from services.votebooth.rooms import schemas
from services.votebooth.rooms.controllers.rules import HOSTS, LOOKS, PRIVATE, ROOMS, RoomRef, ScreenToken, knock
from services.votebooth.rooms.doors import Seat
from services.votebooth.rooms.service import Rooms
from services.votebooth.rooms.state import RoomRole

AnyRequest = Request[Any, Any, Any]


class HostController(Controller):
    """Rooms, for those who run them."""

    path = "/rooms"
    tags = ("Rooms",)

    @post(
        "/",
        operation_id="RoomCreate",
        summary="Open a room",
        guards=HOSTS,
        responses={
            201: ResponseSpec(schemas.RoomSnapshot, description="The new room.", generate_examples=False),
            200: ResponseSpec(
                schemas.RoomSnapshot, description="What this Idempotency-Key made before.", generate_examples=False
            ),
            **problems(
                ROOMS, 400, 401, 403, 413, 422, 429, 503, _409="`idempotency-key-used`: it was sent with another room."
            ),
        },
    )
    async def create(
        self,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        data: JSONBody[schemas.RoomNew],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Open a room of my own, with a new code."""
        made = await rooms.hosting.create(subject, data, key)
        view = await rooms.reading.snapshot(Seat(made.room_id, RoomRole.HOST), subject)
        headers = {"Location": f"/v1/votebooth/rooms/{view.code or view.room}"}
        return Response(view, status_code=201 if made.new else 200, headers=headers)

    @get(
        "/",
        operation_id="RoomList",
        summary="List my rooms",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 429),
    )
    async def mine(
        self,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[schemas.RoomCard]:
        """Return the rooms that I own, the latest first."""
        return await rooms.hosting.mine(subject, cursor, limit)

    @get(
        "/{room:str}",
        operation_id="RoomRead",
        summary="See a room",
        guards=LOOKS,
        responses=problems(ROOMS, 400, 401, 404, 429),
    )
    async def read(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        viewer: NamedDependency[Subject | None],
        room: RoomRef,
        token: ScreenToken = None,
    ) -> Response[schemas.RoomSnapshot]:
        """Return the room with its position, both of one moment."""
        seat = await rooms.doors.seat(knock(request, room, viewer, token))
        return Response(await rooms.reading.snapshot(seat, viewer), headers=PRIVATE)

    @patch(
        "/{room:str}",
        operation_id="RoomEdit",
        summary="Change how a room is run",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 413, 422, 429),
    )
    async def edit(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.RoomEdit],
    ) -> schemas.RoomSnapshot:
        """Change the title, or what is taken from the audience."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.edit(room_id, subject, data)
        return await rooms.reading.snapshot(Seat(room_id, RoomRole.HOST), subject)

    @post(
        "/{room:str}/end",
        operation_id="RoomEnd",
        summary="End a room",
        status_code=200,
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 429),
    )
    async def end(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> schemas.RoomSnapshot:
        """End a room for good; again, it does nothing. It can be looked at until its code is released, 30 days later.

        Polls that are open stay open.
        """
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.end(room_id, subject)
        return await rooms.reading.snapshot(Seat(room_id, RoomRole.HOST), subject)

    @delete(
        "/{room:str}",
        operation_id="RoomDelete",
        summary="Delete a room",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 429),
    )
    async def remove(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> None:
        """Delete my room with its questions and its log. Polls aren't touched."""
        await rooms.hosting.delete(await rooms.doors.host(knock(request, room, subject)), subject)

    @put(
        "/{room:str}/hosts/{account:uuid}",
        operation_id="RoomHostPut",
        summary="Let somebody run a room as well",
        guards=HOSTS,
        status_code=204,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 422, 429, 503),
    )
    async def add_host(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        account: FromPath[UUID],
    ) -> None:
        """Make somebody a host. They do all that I do, but for naming hosts and deleting the room."""
        await rooms.hosting.add_host(await rooms.doors.host(knock(request, room, subject)), subject, account)

    @delete(
        "/{room:str}/hosts/{account:uuid}",
        operation_id="RoomHostDelete",
        summary="Have somebody run a room no more",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 429),
    )
    async def remove_host(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        account: FromPath[UUID],
    ) -> None:
        """Take somebody's part as a host away, or give up my own."""
        await rooms.hosting.remove_host(await rooms.doors.host(knock(request, room, subject)), subject, account)

    @get(
        "/{room:str}/screens",
        operation_id="RoomScreenList",
        summary="List a room's screens",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 429),
    )
    async def screens(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> schemas.RoomScreens:
        """Return the screens that may look, without their tokens."""
        return await rooms.hosting.screens(await rooms.doors.host(knock(request, room, subject)))

    @put(
        "/{room:str}/screens/{screen:uuid}",
        operation_id="RoomScreenPut",
        summary="Let a screen look",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 413, 422, 429),
    )
    async def let_screen_in(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        screen: FromPath[UUID],
        data: JSONBody[schemas.ScreenNew],
    ) -> schemas.RoomScreenToken:
        """Make a token for a screen, under an id that you choose; again, the token before is good no longer.

        Who has it sees what the audience sees, and can do nothing.
        """
        room_id = await rooms.doors.host(knock(request, room, subject))
        return await rooms.hosting.let_screen_in(room_id, subject, screen, data.label)

    @delete(
        "/{room:str}/screens/{screen:uuid}",
        operation_id="RoomScreenDelete",
        summary="Let a screen look no more",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 429),
    )
    async def turn_screen_away(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        screen: FromPath[UUID],
    ) -> None:
        """Take a screen's token back; where there is none, it does nothing."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.turn_screen_away(room_id, subject, screen)
