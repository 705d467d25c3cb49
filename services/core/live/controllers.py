"""The routes of a service's live streams: tickets, one WebSocket for all streams, an event stream for one."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from litestar import Controller, Request, Response, WebSocket, get, post, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, JSONBody, QueryParameter

from services.core.http.api import problems
from services.core.http.cors import listed_origins
from services.core.http.dependencies import address_of, shared_of, site_of
from services.core.http.guards import ANY_TOKEN, GUESTS_TOO
from services.core.http.limits import limit
from services.core.http.request import WIRE, is_head
from services.core.http.streaming import BoundStream
from services.core.identity.subject import Subject
from services.core.identity.tickets import Tickets, Use
from services.core.live.connection import Connection
from services.core.live.hub import Hub
from services.core.live.messages import Follow, StreamName, marked, read
from services.core.live.outlet import SocketOutlet, StreamOutlet
from services.core.live.pace import Pace
from services.core.live.protocol import protocol
from services.core.live.schemas import LiveTicket, LiveTicketNew
from services.core.live.source import Viewer
from services.core.problems import Problem, forbidden, malformed, refused, too_many

_REFUSALS = {
    401: "`bad-ticket`: there is no such ticket, or it is used up or for another stream.",
    404: "There is no such stream, or you may not know of it.",
    422: "`token-and-ticket`: send one of the two.",
}
_SSE_HEADERS = {"cache-control": "private, no-store", "x-accel-buffering": "no"}
_MOST_BYTES = 4_000
"""Of what a client says at once."""

LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="The id of the last event you have.")
]
TicketText = Annotated[str | None, QueryParameter(name="ticket", description="From the route that issues tickets.")]


def live_controller(service: str, label: str, *, guests: bool = False) -> type[Controller]:
    """Return the controller of a service's live streams; its plugin gives the parts `hub` and `tickets`.

    Args:
        service: Its name.
        label: How the names of its operations begin: `VoteBooth`.
        guests: Whether guests may follow any of its streams.
    """
    anybody = GUESTS_TOO if guests else ANY_TOKEN
    documents: dict[str, dict[str, Any]] = {}
    door = uuid5(NAMESPACE_URL, f"votewave:{service}:live")  # what a ticket for the WebSocket is bound to

    class LiveController(Controller):
        """What changes, as it changes."""

        tags = ("Live",)

        @post(
            "/live/tickets",
            operation_id=f"{label}LiveTicketIssue",
            summary="Get a ticket for a live connection",
            guards=[anybody, limit("live-ticket", 60, per=60)],
            responses=problems(_REFUSALS, 400, 401, 404, 429, 503),
        )
        async def issue(
            self,
            request: Request[Any, Any, Any],
            hub: NamedDependency[Hub],
            tickets: NamedDependency[Tickets],
            subject: NamedDependency[Subject],
            data: JSONBody[LiveTicketNew],
        ) -> LiveTicket:
            """Return a ticket, which stands for your token in a URL; tokens themselves stand in none.

            Without `stream` it opens the WebSocket, once and soon. With `stream` it opens the event stream of that, as
            often as an `EventSource` comes back, until your token ends.
            """
            if data.stream is None:
                return LiveTicket(*await tickets.issue(Use.SOCKET, subject, door))
            await hub.check(data.stream, Viewer(subject, address_of(request), data.token))
            note = (data.token or "").encode()
            return LiveTicket(*await tickets.issue(Use.STREAM, subject, _bound(data.stream), note))

        @get(
            "/live/events",
            operation_id=f"{label}LiveEvents",
            summary="Follow one stream by SSE",
            media_type="text/event-stream",
            responses={
                200: ResponseSpec(str, description="Events.", media_type="text/event-stream", generate_examples=False),
                **problems(_REFUSALS, 400, 401, 403, 404, 422, 429, 503, types={401: "bad-ticket"}),
            },
        )
        async def events(
            self,
            request: Request[Any, Any, Any],
            hub: NamedDependency[Hub],
            tickets: NamedDependency[Tickets],
            viewer: NamedDependency[Subject | None],
            stream: FromQuery[StreamName],
            last_event_id: LastEventId = None,
            ticket: TicketText = None,
        ) -> Response[Any]:
            """Send a snapshot of one stream, then what changes (docs/api/live.md).

            It ends after some minutes, or when the token does; clients reconnect with `Last-Event-ID`.
            """
            subject, token = viewer, None
            if ticket is not None:
                if viewer is not None:
                    raise refused("token-and-ticket", "Send a token or a ticket, not both.")
                found = await tickets.redeem(Use.STREAM, ticket, _bound(stream))
                subject, token = found.subject, found.note.decode() or None
            await hub.check(stream, Viewer(subject, address_of(request), token))
            if is_head(request):
                return Response(None, media_type="text/event-stream", headers=_SSE_HEADERS)
            outlet = StreamOutlet()
            connection = hub.join(subject, site_of(request), outlet)
            since = marked(last_event_id)
            epoch, seq = (None, None) if since is None else since
            wanted = Follow(stream=stream, epoch=epoch, seq=seq, token=token)
            pieces = _pieces(hub, connection, outlet, wanted, address_of(request))
            return BoundStream(pieces, "text/event-stream", _SSE_HEADERS)

        @get(
            "/live.asyncapi.json",
            operation_id=f"{label}LiveProtocol",
            summary="Get the description of the live messages",
            sync_to_thread=False,
        )
        def protocol(self, request: Request[Any, Any, Any], hub: NamedDependency[Hub]) -> dict[str, Any]:
            """Return the AsyncAPI 3 document of the WebSocket and the event stream."""
            url = shared_of(request).settings.public_url
            if url not in documents:  # it takes tens of milliseconds to make
                documents[url] = protocol(url, service, hub.sources.values())
            return documents[url]

        @websocket("/live", operation_id=f"{label}LiveConnect")
        async def connect(
            self,
            hub: NamedDependency[Hub],
            tickets: NamedDependency[Tickets],
            socket: WebSocket[Any, Any, Any],
            ticket: TicketText = None,
        ) -> None:
            """Carry all streams that a client follows.

            Without a ticket the viewer is anonymous. Refusals come as a close code, 4000 and the HTTP status: browsers
            show scripts nothing of a WebSocket that was refused before it was open.
            """
            await socket.accept()
            _check_origin(socket)
            subject = None
            if ticket is not None:
                subject = (await tickets.redeem(Use.SOCKET, ticket, door)).subject
            hub.check_session(subject)
            wire: Any = socket.scope["extensions"]
            connection = hub.join(subject, site_of(socket), SocketOutlet(wire[WIRE]))
            try:
                await _listen(socket, hub, connection, address_of(socket))
            finally:
                hub.leave(connection)

    return LiveController


def _bound(stream: str) -> UUID:
    """Return what a ticket for an event stream is bound to."""
    return uuid5(NAMESPACE_URL, f"votewave:stream:{stream}")


def _check_origin(socket: WebSocket[Any, Any, Any]) -> None:
    """Refuse another site's page: a browser lets any page open a WebSocket anywhere.

    Raises:
        Problem: 403.
    """
    origin = socket.headers.get("origin")
    if origin is None:  # no browser
        return
    settings = shared_of(socket).settings
    own = {urlsplit(settings.public_url).netloc.lower(), socket.headers.get("host", "").lower()}
    if urlsplit(origin).netloc.lower() not in own and origin not in listed_origins(settings.cors_origins):
        raise forbidden("Pages of this origin may not open live connections.")


async def _pieces(
    hub: Hub, connection: Connection, outlet: StreamOutlet, wanted: Follow, address: str
) -> AsyncGenerator[bytes, None]:
    try:
        hub.follow(connection, wanted, address)
        async for piece in outlet.pieces():
            yield piece
            if not connection.streams and connection.ended is None:
                connection.end("refused")  # an event stream has nothing else to tell
    finally:
        hub.leave(connection)


async def _listen(socket: WebSocket[Any, Any, Any], hub: Hub, connection: Connection, address: str) -> None:
    """Do what the client asks for, until the connection ends on either side.

    Raises:
        Problem: What it said can't be read, or it says too much.
    """
    pace = Pace()
    with contextlib.suppress(WebSocketDisconnect, WebSocketException, OSError):
        while True:
            event: Any = await socket.receive()
            if event["type"] == "websocket.disconnect":
                return
            said = event.get("text") or ""
            if not pace.take():
                raise too_many("You say too much. Connect again, and say less.", 1)
            if not said or len(said) > _MOST_BYTES:
                raise malformed("Send one JSON object of a known type in each text message.")
            try:
                word = read(said)
            except msgspec.DecodeError as exc:
                raise malformed("Send one JSON object of a known type in each text message.") from exc
            try:
                await hub.take(connection, word, address)
            except Problem as exc:
                connection.refuse(word.stream, exc)
