"""What everybody looks at: the poll on stage, its results, the countdown."""

from typing import Any

from litestar import Controller, Request, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.votebooth.rooms import schemas
from services.votebooth.rooms.controllers.rules import HOSTS, ROOMS, RoomRef, knock
from services.votebooth.rooms.doors import Seat
from services.votebooth.rooms.service import Rooms
from services.votebooth.rooms.state import RoomRole

AnyRequest = Request[Any, Any, Any]

_LED = {
    403: "`not-a-host`: only hosts do this. `not-the-owner`: the poll's owner hasn't put it here. `missing-scope`: the "
    "token needs `polls:write` as well.",
    404: "There is no such room, or you aren't in it; or no such poll.",
}
_FOR_FOLLOWERS = "`poll-for-followers`: it is for its owner's followers, and a room is for everybody who has its code."


class StageController(Controller):
    """What hosts put on stage. Each answers with the room as it is then."""

    path = "/rooms/{room:str}"
    tags = ("Rooms",)

    @put(
        "/agenda",
        operation_id="RoomAgendaPut",
        summary="Put a room's polls in order",
        guards=HOSTS,
        responses=problems(
            ROOMS,
            400,
            401,
            403,
            404,
            410,
            413,
            422,
            429,
            503,
            _409=f"`agenda-changed`: another host changed it; read it again. {_FOR_FOLLOWERS}",
        ),
    )
    async def agenda(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.AgendaWanted],
    ) -> schemas.RoomSnapshot:
        """Say which polls come, one after the other: published ones, or drafts of mine."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.set_agenda(room_id, subject, data.polls)
        return await _seen(rooms, room_id, subject)

    @put(
        "/stage",
        operation_id="RoomPin",
        summary="Put a poll on stage",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 413, 422, 429, 503, _409=_FOR_FOLLOWERS),
    )
    async def pin(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.PollPin],
    ) -> schemas.RoomSnapshot:
        """Have everybody look at a poll, or at none. Its results aren't shown until you reveal them."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.pin(room_id, subject, data.poll)
        return await _seen(rooms, room_id, subject)

    @post(
        "/next",
        operation_id="RoomNext",
        summary="Go on to the next poll",
        status_code=200,
        guards=HOSTS,
        responses=problems(
            ROOMS, 400, 401, 403, 404, 410, 413, 429, _409="`moved-on`: another poll than `after` is on stage by now."
        ),
    )
    async def go_on(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.NextWanted],
    ) -> schemas.RoomSnapshot:
        """Put the agenda's next poll on stage; after the last one, none."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.go_on(room_id, subject, data.after)
        return await _seen(rooms, room_id, subject)

    @post(
        "/open",
        operation_id="RoomPollOpen",
        summary="Open the poll on stage",
        status_code=200,
        guards=HOSTS,
        responses=problems(
            {**ROOMS, **_LED},
            400,
            401,
            403,
            404,
            410,
            429,
            503,
            _409="`no-poll`: there is none on stage.",
            _422="`poll-refused`: its end is past.",
        ),
    )
    async def open(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> schemas.RoomSnapshot:
        """Publish the draft on stage, or have a scheduled poll open now; if it is open, nothing happens.

        It is its owner's act, and the owner is the host who does it, or who put the poll on the agenda.
        """
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.lead(room_id, subject, "open")
        return await _seen(rooms, room_id, subject)

    @post(
        "/close",
        operation_id="RoomPollClose",
        summary="Close the poll on stage",
        status_code=200,
        guards=HOSTS,
        responses=problems(
            {**ROOMS, **_LED},
            400,
            401,
            403,
            404,
            410,
            429,
            503,
            _409="`no-poll`: there is none on stage. `not-open`: it hasn't opened yet.",
            _422="`poll-refused`: it can't be closed.",
        ),
    )
    async def close(
        self, request: AnyRequest, rooms: NamedDependency[Rooms], subject: NamedDependency[Subject], room: RoomRef
    ) -> schemas.RoomSnapshot:
        """Close it for good; if it is closed, nothing happens. As with opening, it is its owner's act."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.lead(room_id, subject, "close")
        return await _seen(rooms, room_id, subject)

    @put(
        "/results",
        operation_id="RoomResultsPut",
        summary="Reveal or hide results",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 413, 429, _409="`no-poll`: there is none on stage."),
    )
    async def show_results(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.ResultsWanted],
    ) -> schemas.RoomSnapshot:
        """Have screens and phones show the results of the poll on stage, or not.

        Who may see them is for the poll's own rules to say, before and after: revealing opens nothing that they hide,
        and hiding keeps from nobody what they let everybody see at the poll's own address.
        """
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.show_results(room_id, subject, shown=data.shown)
        return await _seen(rooms, room_id, subject)

    @put(
        "/timer",
        operation_id="RoomTimerPut",
        summary="Start or stop the countdown",
        guards=HOSTS,
        responses=problems(ROOMS, 400, 401, 403, 404, 410, 413, 422, 429),
    )
    async def timer(
        self,
        request: AnyRequest,
        rooms: NamedDependency[Rooms],
        subject: NamedDependency[Subject],
        room: RoomRef,
        data: JSONBody[schemas.TimerWanted],
    ) -> schemas.RoomSnapshot:
        """Start a countdown that everybody sees. It ends by itself, and closes nothing."""
        room_id = await rooms.doors.host(knock(request, room, subject))
        await rooms.hosting.set_timer(room_id, subject, data.seconds)
        return await _seen(rooms, room_id, subject)


async def _seen(rooms: Rooms, room_id: Any, subject: Subject) -> schemas.RoomSnapshot:
    return await rooms.reading.snapshot(Seat(room_id, RoomRole.HOST), subject)
