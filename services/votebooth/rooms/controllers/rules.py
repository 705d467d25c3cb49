"""What the routes of rooms have in common."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request
from litestar.params import HeaderParameter, PathParameter
from litestar.types import Guard

from services.core.http.guards import GUESTS_TOO, requires
from services.core.http.limits import limit, limit_address
from services.core.identity.subject import Subject
from services.votebooth.rooms.doors import Knock

SCREEN_HEADER = "Room-Token"
PRIVATE = {"cache-control": "private, no-store"}

RoomRef = Annotated[
    str,
    PathParameter(
        max_length=40, description="The room's code, however it is typed; for those who are in it, its id as well."
    ),
]
ScreenToken = Annotated[
    str | None, HeaderParameter(name=SCREEN_HEADER, max_length=100, description="A screen's token.")
]

ROOMS = {
    403: "`not-a-host`: only hosts do this. `not-the-owner`: only the owner does. `guest-refused`, `missing-scope`: of "
    "the token.",
    404: "There is no such room, or you aren't in it: join it first. Or what you name isn't in it.",
    410: "The room has ended.",
    422: "`room-refused`: `errors` names the fields.",
    429: "Too many requests, or tries that found no room; or `over-quota`: as much as there may be.",
}

HOSTS: Sequence[Guard] = [requires("rooms:write"), limit("room-host", 120, per=60)]
"""Guards of each route that hosts use."""

LOOKS: Sequence[Guard] = [limit("room-look", 240, per=60)]
"""Guards of each route that shows a room."""

JOINS: Sequence[Guard] = [GUESTS_TOO, limit("room-join", 30, per=60)]
ASKS: Sequence[Guard] = [requires("votes:write", guests=True), limit("room-ask", 10, per=60)]
VOTES: Sequence[Guard] = [requires("votes:write", guests=True), limit("room-vote", 60, per=60)]
REACTS: Sequence[Guard] = [
    requires("votes:write", guests=True),
    limit("room-react", 30, per=60),
    limit_address("room-react", 6_000, per=60),
]

_TRIES = limit("room-try", 60, per=60)
_TRIES_OF_ONE_ADDRESS = limit_address("room-try", 3_000, per=60)
_MISS = 2
_MISS_OF_ONE_ADDRESS = 29
"""A hall behind one address comes in at once, 3,000 a minute; who guesses has 100 tries for all of that, and each
account or guest 20."""


def knock(request: Request[Any, Any, Any], room: str, subject: Subject | None, screen: str | None = None) -> Knock:
    """Return who asks for a room."""

    async def count() -> None:
        for each in (_TRIES_OF_ONE_ADDRESS, _TRIES):
            await each.take(request, 1)

    async def miss() -> None:
        await _TRIES_OF_ONE_ADDRESS.charge(request, _MISS_OF_ONE_ADDRESS)
        await _TRIES.charge(request, _MISS)

    return Knock(room, subject, screen, count, miss)
