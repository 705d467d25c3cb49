"""What is seen of a room."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.votebooth.rooms import schemas
from services.votebooth.rooms.controllers.rules import HOSTS, LOOKS, PRIVATE, ROOMS, RoomRef, ScreenToken, knock
from services.votebooth.rooms.service import Rooms

AnyRequest = Request[Any, Any, Any]


class LookController(Controller):
    """A room as it is for the one who looks: a host, somebody of the audience, or a screen."""

    path = "/rooms/{room:str}"
    tags = ("Rooms",)

    @get(
        "/changes",
        operation_id="RoomChanges",
        summary="See what came since",
        guards=LOOKS,
        responses=problems(ROOMS, 400, 401, 404, 429),
    )
    async def changes(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        viewer: NamedDependency[Subject | None],
        room: RoomRef,
        after: Annotated[int, QueryParameter(ge=0, le=2**53 - 1, description="`seq` of what you have.")],
        token: ScreenToken = None,
    ) -> Response[schemas.RoomChanges]:
        """Return up to 300 changes, each the whole new value of one part, or a snapshot where there were more.

        What isn't for you is left out, so numbers may be missing.
        """
        seat = await rooms.doors.seat(knock(request, room, viewer, token))
        return Response(await rooms.reading.changes(seat, viewer, after), headers=PRIVATE)

    @get(
        "/qr.svg",
        operation_id="RoomPicture",
        summary="Get the link to join by as a QR code",
        guards=LOOKS,
        media_type="image/svg+xml",
        responses={
            # Without a type: generators of clients don't know this one, and would warn.
            200: ResponseSpec(None, description="A picture of any size, `image/svg+xml`.", generate_examples=False),
            **problems(ROOMS, 400, 401, 404, 429, _410="The room's code was released."),
        },
    )
    async def picture(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        viewer: NamedDependency[Subject | None],
        room: RoomRef,
        token: ScreenToken = None,
    ) -> Response[bytes]:
        """Return the QR code of the link, dark on white."""
        seat = await rooms.doors.seat(knock(request, room, viewer, token))
        return Response(await rooms.reading.picture(seat), media_type="image/svg+xml", headers=PRIVATE)

    @get(
        "/questions.csv",
        operation_id="RoomQuestionExport",
        summary="Export a room's questions",
        guards=HOSTS,
        media_type="text/csv",
        responses={
            200: ResponseSpec(str, description="The questions.", media_type="text/csv", generate_examples=False),
            **problems(ROOMS, 400, 401, 403, 404, 429),
        },
    )
    async def export(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> Response[str]:
        """Return all questions, hidden ones too, with the names under which they were asked, to hosts."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        name = {"content-disposition": 'attachment; filename="questions.csv"'}
        return Response(await rooms.reading.export(room_id), media_type="text/csv", headers=PRIVATE | name)
