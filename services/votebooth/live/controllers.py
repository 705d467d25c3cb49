"""Live results over WebSocket and SSE."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, WebSocket, get, post, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.status_codes import WS_1000_NORMAL_CLOSURE, WS_1012_SERVICE_RESTART

from services.core.http.api import problems
from services.core.http.dependencies import shared_of, site_of
from services.core.http.guards import GUESTS_TOO
from services.core.http.limits import limit
from services.core.http.request import is_head
from services.core.http.streaming import SEND_SECONDS, BoundStream
from services.core.identity.subject import Subject
from services.core.identity.tickets import Tickets, Use
from services.core.problems import malformed
from services.core.tasks import end
from services.votebooth.description import RESULTS
from services.votebooth.live.client import Client
from services.votebooth.live.hub import Hub
from services.votebooth.live.protocol import protocol
from services.votebooth.live.schemas import LiveTicket
from services.votebooth.results.service import Results
from services.votebooth.results.state import Viewer

_WORDS_FROM_CLIENT = 1000
_RETRY_MS = 1000

LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="The id of the last event you have.")
]
TicketText = Annotated[str | None, QueryParameter(name="ticket", description="From `LiveTicketIssue`.")]
StreamTicketText = Annotated[
    str | None,
    QueryParameter(name="ticket", description="From `LiveStreamTicketIssue`, where no header can be sent."),
]
Since = Annotated[
    str | None,
    QueryParameter(name="since", description="`version.seq.status` of what you have; no snapshot if it is current."),
]
_SSE_HEADERS = {"cache-control": "private, no-store", "x-accel-buffering": "no"}


class LiveController(Controller):
    """A poll's sums as they change."""

    tags = ("Live",)

    @post(
        "/polls/{poll_id:uuid}/tickets",
        operation_id="LiveTicketIssue",
        summary="Get a ticket for a WebSocket",
        guards=[GUESTS_TOO, limit("live-ticket", 60, per=60)],
        responses=problems(RESULTS, 400, 401, 404, 429, 503),
    )
    async def issue(
        self,
        results: NamedDependency[Results],
        tickets: NamedDependency[Tickets],
        subject: NamedDependency[Subject],
        poll_viewer: NamedDependency[Viewer],
        poll_id: FromPath[UUID],
    ) -> LiveTicket:
        """Return a ticket that opens `/v1/votebooth/polls/{poll_id}/live?ticket=…` once.

        It stands for the token it was got with, which so appears in no URL.
        """
        await results.state(poll_id)
        return LiveTicket(*await tickets.issue(Use.SOCKET, subject, poll_id, poll_viewer.voter_key or b""))

    @post(
        "/polls/{poll_id:uuid}/events/tickets",
        operation_id="LiveStreamTicketIssue",
        summary="Get a ticket for an EventSource",
        guards=[GUESTS_TOO, limit("live-stream-ticket", 20, per=60)],
        responses=problems(RESULTS, 400, 401, 404, 429, 503),
    )
    async def issue_for_stream(
        self,
        results: NamedDependency[Results],
        tickets: NamedDependency[Tickets],
        subject: NamedDependency[Subject],
        poll_viewer: NamedDependency[Viewer],
        poll_id: FromPath[UUID],
    ) -> LiveTicket:
        """Return a ticket that opens `/v1/votebooth/polls/{poll_id}/events?ticket=…` until the token ends.

        An `EventSource` can send no header and comes back to the same URL, so this ticket isn't used up. It shows
        this poll's result and is good for nothing else.
        """
        await results.state(poll_id)
        return LiveTicket(*await tickets.issue(Use.STREAM, subject, poll_id, poll_viewer.voter_key or b""))

    @get(
        "/polls/{poll_id:uuid}/events",
        operation_id="LiveEvents",
        summary="Follow a poll's result by SSE",
        media_type="text/event-stream",
        responses={
            200: ResponseSpec(str, description="Events.", media_type="text/event-stream", generate_examples=False),
            **problems(RESULTS, 400, 401, 404, 429, 503, types={401: "bad-ticket"}),
        },
    )
    async def events(
        self,
        request: Request[Any, Any, Any],
        hub: NamedDependency[Hub],
        results: NamedDependency[Results],
        tickets: NamedDependency[Tickets],
        viewer: NamedDependency[Subject | None],
        poll_viewer: NamedDependency[Viewer],
        poll_id: FromPath[UUID],
        last_event_id: LastEventId = None,
        ticket: StreamTicketText = None,
    ) -> Response[Any]:
        """Stream messages (docs/api/votebooth.md): a snapshot, then what changes, ten times a second at most.

        The stream ends after some minutes, or when the token does; clients reconnect with `Last-Event-ID`.
        """
        who, subject = poll_viewer, viewer
        if ticket is not None:
            if viewer is not None:
                raise malformed("Send a token or a ticket, not both.")
            who, subject = await _redeem(tickets, Use.STREAM, poll_id, ticket)
        await results.state(poll_id)
        hub.check(subject)
        if is_head(request):
            return Response(None, media_type="text/event-stream", headers=_SSE_HEADERS)
        client = hub.join(poll_id, who, subject, last_event_id, address=site_of(request))
        return BoundStream(_stream(hub, poll_id, client), "text/event-stream", _SSE_HEADERS)

    @get(
        "/live.asyncapi.json",
        operation_id="LiveProtocol",
        summary="Get the description of the live messages",
        sync_to_thread=False,
    )
    def protocol(self, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """Return the AsyncAPI 3 document of what `LiveEvents` and the WebSocket beside it send."""
        return protocol(shared_of(request).settings.public_url)

    @websocket("/polls/{poll_id:uuid}/live", operation_id="LiveConnect")
    async def connect(
        self,
        hub: NamedDependency[Hub],
        results: NamedDependency[Results],
        tickets: NamedDependency[Tickets],
        socket: WebSocket[Any, Any, Any],
        poll_id: FromPath[UUID],
        ticket: TicketText = None,
        since: Since = None,
    ) -> None:
        """Send the same messages as `LiveEvents` over a WebSocket.

        Without a ticket the viewer is anonymous. Refusals come as a close code, 4000 and the HTTP status: browsers
        show scripts nothing of a WebSocket that was refused before it was open.
        """
        await socket.accept()
        who, subject = Viewer(), None
        if ticket is not None:
            who, subject = await _redeem(tickets, Use.SOCKET, poll_id, ticket)
        await results.state(poll_id)
        hub.check(subject)
        client = hub.join(poll_id, who, subject, since, address=site_of(socket))
        try:
            await _serve(socket, client)
        finally:
            hub.leave(poll_id, client)


async def _redeem(tickets: Tickets, use: Use, poll_id: UUID, ticket: str) -> tuple[Viewer, Subject]:
    found = await tickets.redeem(use, ticket, poll_id)
    return Viewer(found.subject.id, found.note or None), found.subject


async def _stream(hub: Hub, poll_id: UUID, client: Client) -> AsyncGenerator[bytes, None]:
    try:
        yield b"retry: %d\n\n" % _RETRY_MS
        async for message in client.messages():
            mark = b"id: %b\n" % message.mark.encode() if message.mark is not None else b""
            yield b"%bdata: %b\n\n" % (mark, message.data)
    finally:
        hub.leave(poll_id, client)


async def _serve(socket: WebSocket[Any, Any, Any], client: Client) -> None:
    """Send messages until the connection ends on either side."""
    sending = asyncio.create_task(_send(socket, client))
    listening = asyncio.create_task(_listen(socket))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(sending, listening)
        with contextlib.suppress(Exception):  # it may be closed already, and by either side
            await socket.close(WS_1012_SERVICE_RESTART if client.ended == "stopping" else WS_1000_NORMAL_CLOSURE)


async def _send(socket: WebSocket[Any, Any, Any], client: Client) -> None:
    with contextlib.suppress(WebSocketDisconnect, WebSocketException, TimeoutError, OSError):
        async for message in client.messages():
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_data(message.data, mode="text")


async def _listen(socket: WebSocket[Any, Any, Any]) -> None:
    """Notice that the client is gone. What it says isn't looked at, and it may not say much."""
    with contextlib.suppress(WebSocketDisconnect, WebSocketException, OSError):
        for _ in range(_WORDS_FROM_CLIENT):
            event: Any = await socket.receive()
            if event["type"] == "websocket.disconnect":
                return
