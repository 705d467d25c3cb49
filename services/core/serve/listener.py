"""HTTP and WebSocket on a port: uvicorn's protocols in this process's own loop (docs/decisions/0011-uvicorn.md).

uvicorn leaves slow and endless clients to a proxy in front of it. Here they are bounded without one: a request's
head has arrived within ten seconds, it isn't endless, and a connection on which nothing happens is closed.
"""

import asyncio
import time
from collections.abc import Callable
from contextvars import copy_context
from email.utils import formatdate
from typing import Any

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from services.core.http.request import BODY_COMPLETE, WIRE
from services.core.observe.access import AccessLog
from services.core.observe.trace import begin_trace
from services.core.problems import MEDIA_TYPE, NOSNIFF, Problem, malformed
from services.core.tasks import end

HEAD_SECONDS = 10.0
IDLE_SECONDS = 75.0
"""Longer than gateways keep a connection that they may use again (HAProxy 5, an ALB 60): they close first."""
MAX_HEAD_BYTES = 65_536
_SWEEP_SECONDS = 1.0
_POLL_SECONDS = 0.02
_MAX_MESSAGE_BYTES = 65_536
_PING_SECONDS = 60.0
"""Who is gone without a word holds a connection for so long, and twenty seconds. What clients hear is the application's
to say; a ping and its answer cost as much as sending somebody ten messages."""
_CLOSE_SECONDS = 2.0
_NEVER = float("inf")
_ACCESS = AccessLog()


class _Together:
    """A transport that sends an answer's head together with the beginning of its body.

    uvicorn writes them one after the other, and uvloop sends what is written at once: two system calls and two
    packets, on which the client wakes twice.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        """Send data, or keep a head until the end of the loop's turn."""
        if self._head is not None:
            data, self._head = self._head + data, None
        elif data.startswith(b"HTTP/1.1 "):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self.transport.write(data)

    def _flush(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            if not self.transport.is_closing():
                self.transport.write(head)

    def close(self) -> None:
        """Close, after what was written."""
        self._flush()
        self.transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


class _Http(HttpToolsProtocol):
    """One connection.

    Attributes:
        late: When, by the loop's clock, it is closed if nothing more has come.
    """

    late = _NEVER
    _in_head = False
    _in_body = False
    _body_came = False
    _head_bytes = 0

    @property
    def answering(self) -> bool:
        """Whether a request is under way."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        self.late = self.loop.time() + HEAD_SECONDS
        together: Any = _Together(transport, self.loop)
        super().connection_made(together)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        together: Any = self.transport
        self.transport = together.transport
        super().handle_websocket_upgrade()
        begun: Any = together.transport.get_protocol()
        if begun.conn.handshake_exc is not None and not self.transport.is_closing():
            # A body, another method, too many headers: uvicorn would say nothing, for ever.
            self.send_400_response("This can't begin a WebSocket.")

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        in_head, in_body = self._in_head, self._in_body
        self._body_came = False
        super().data_received(data)
        if in_head and self._in_head:
            self._more("The request's head is too long.", data)
        elif in_body and self._in_body and not self._body_came:
            self._more("Too much comes with the request's body that isn't part of it.", data)

    def _more(self, why: str, data: bytes) -> None:
        """Count what is kept until it ends; refuse it if it seems to have no end."""
        self._head_bytes += len(data)
        if self._head_bytes <= MAX_HEAD_BYTES or self.transport.is_closing():
            return
        if self.answering and self.cycle.response_started:
            self.transport.close()
        else:
            self.send_400_response(why)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; not a trailer, which comes after the body and past all that gateways say of headers."""
        if self._in_head:
            super().on_header(name, value)

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head, self._in_body, self._head_bytes = True, False, 0
        self.late = self.loop.time() + HEAD_SECONDS
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start the request; from now on the application's own deadlines hold."""
        self._in_head, self._in_body, self._head_bytes, self.late = False, True, 0, _NEVER
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._body_came, self._head_bytes = True, 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the whole request is here."""
        self._in_body = False
        scope: Any = self.scope
        scope[BODY_COMPLETE] = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request. uvicorn sets a timer for each; here one sweep looks at all connections."""
        super().on_response_complete()
        if not self._in_head and self.cycle.response_complete:
            self._unset_keepalive_if_required()
            self.late = self.loop.time() + IDLE_SECONDS

    def send_400_response(self, msg: str) -> None:
        """Answer what can't be read as HTTP, which the application never sees, as it would; and close."""
        copy_context().run(self._refuse, malformed(msg))  # the trace is this answer's, not the next request's

    def _refuse(self, problem: Problem) -> None:
        trace = begin_trace(None)
        body = msgspec.json.encode(problem.document)
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "x-trace-id": trace,
            "connection": "close",
        }
        head = [f"{name}: {value}\r\n".encode() for name, value in headers.items()]
        self.transport.write(b"".join([b"HTTP/1.1 400 Bad Request\r\n", *head, b": ".join(NOSNIFF), b"\r\n\r\n", body]))
        self.transport.close()
        _ACCESS.note("", "", problem.status, 0.0)


class _Wire:
    """Writes to a WebSocket past the application, which so sends one frame to thousands at one system call each."""

    __slots__ = ("_protocol", "waiting")

    def __init__(self, protocol: "_WebSocket") -> None:
        self._protocol = protocol
        self.waiting = protocol.transport.get_write_buffer_size

    @property
    def handle(self) -> int | None:
        """The socket's file descriptor; None once it is closed, or about to be."""
        if self._protocol.close_sent or self._protocol.transport.is_closing():
            return None
        return int(self._protocol.transport.get_extra_info("socket").fileno())

    def write(self, data: bytes) -> None:
        """Send a whole frame."""
        if not self._protocol.close_sent and not self._protocol.transport.is_closing():
            self._protocol.transport.write(data)

    def close(self, code: int, reason: str) -> None:
        """Begin to close; the client has some seconds to agree."""
        self._protocol.close(code, reason)

    def abort(self) -> None:
        """End the connection at once."""
        self._protocol.transport.abort()


class _WebSocket(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def handle_connect(self, event: Any) -> None:
        """Begin to serve it."""
        super().handle_connect(event)
        if not self.close_sent:
            scope: Any = self.scope
            scope["extensions"][WIRE] = _Wire(self)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; the connection ends when the client has answered it, or soon."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_timer = self.loop.call_later(_CLOSE_SECONDS, self.transport.close)

    async def send(self, message: Any) -> None:
        """Send what the application says."""
        await super().send(message)
        if self.close_sent:
            self.handshake_complete = True  # also by a refusal: uvicorn would log that the application said nothing


class Listener:
    """Serves an application on a port.

    Args:
        app: An ASGI application; its lifespan is run by whoever owns it.
        host: Address to listen on.
        port: Port to listen on.
    """

    def __init__(self, app: Callable[..., Any], host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._state = ServerState()
        self._server: asyncio.AbstractServer | None = None
        self._sweep: asyncio.Task[None] | None = None
        self._config = Config(
            app,
            http=_Http,
            ws=_WebSocket,
            ws_max_size=_MAX_MESSAGE_BYTES,
            ws_ping_interval=_PING_SECONDS,
            ws_per_message_deflate=False,  # a frame is made once for all, and its length says nothing of secrets
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # who a client is, is `http.address_of`'s to say
            server_header=False,
        )

    async def start(self) -> None:
        """Take connections.

        Raises:
            OSError: The address can't be had.
        """
        self._config.load()
        self._date()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self._host, self._port, backlog=2048)
        self._sweep = asyncio.create_task(self._follow())

    def _connection(self) -> _Http:
        return _Http(self._config, self._state, {})

    def _date(self) -> None:
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._date()
            now = asyncio.get_running_loop().time()
            for connection in list(self._state.connections):
                if isinstance(connection, _Http) and connection.late <= now and not connection.answering:
                    connection.transport.abort()

    def stop(self) -> None:
        """Take no more connections, close those without a request; the others close with their answer.

        WebSockets are the application's to end: it has more to say than uvicorn's 1012.
        """
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            if isinstance(connection, _Http):
                connection.shutdown()

    async def finished(self) -> None:
        """Return when, after `stop`, all requests are answered."""
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110  (uvicorn's sets tell nobody)
            await asyncio.sleep(_POLL_SECONDS)

    def cut_off(self) -> int:
        """End what doesn't end by itself; return how many requests that were."""
        tasks = list(self._state.tasks)
        for connection in list(self._state.connections):
            connection.transport.abort()
        for task in tasks:
            task.cancel()
        return len(tasks)

    async def close(self) -> None:
        """End what `start` began."""
        await end(self._sweep)
