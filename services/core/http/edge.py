"""The edge: what is done for every connection, whichever part of the program answers it.

It stands around the whole application, the router included, so an answer has one way out: trace id, metrics, log
line, and an end to bodies that never arrive.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from services.core.http.cors import NO_PAGES, Cors
from services.core.http.errors import REFUSED_BY, problem_of, respond
from services.core.http.quota import quota_headers
from services.core.http.request import BODY_COMPLETE
from services.core.observe.access import AccessLog
from services.core.observe.trace import begin_trace
from services.core.problems import NOSNIFF, forbidden, too_slow

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_OUTCOMES = {"websocket.accept": 101, "websocket.close": 403}
"""The HTTP status that each is where there is no WebSocket yet."""
_DRAIN_BYTES = 16_000_000
_DRAIN_SECONDS = 2.0
_BODY_SECONDS = 30.0
"""Seconds in which a body has to arrive: a client that sends a byte a second would else hold a request for ever."""


async def _drain(receive: Any) -> None:
    """Take the rest of a refused body: a connection that is closed on unread data loses the answer."""
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while taken < _DRAIN_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                taken += len(message.get("body", b""))


class Edge:
    """An ASGI application around another.

    Args:
        app: What answers.
        stopping: Set when the server goes away.
        cors: Which other sites' pages may call.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], stopping: asyncio.Event, cors: Cors = NO_PAGES) -> None:
        self._app = app
        self._stopping = stopping
        self._cors = cors
        self._access = AccessLog()

    def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        """Answer one request or WebSocket; the rest of ASGI is passed on as it is."""
        if scope["type"] == "http":
            return self._http(scope, receive, send)
        if scope["type"] == "websocket":
            return self._websocket(scope, receive, send)
        return self._app(scope, receive, send)

    async def _http(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        started = time.perf_counter()
        trace = _begin_trace(scope)
        status, took = 0, 0.0
        method = scope["method"]
        unread = method not in _BODILESS

        async def receive_noted() -> Any:
            nonlocal unread
            if not unread:  # all that comes now is the connection's end
                return await receive()
            if BODY_COMPLETE in scope:
                message = await receive()
            else:
                try:
                    async with asyncio.timeout(started + _BODY_SECONDS - time.perf_counter()):
                        message = await receive()
                except TimeoutError as exc:
                    unread = False
                    raise too_slow(_BODY_SECONDS) from exc
            unread = message["type"] == "http.request" and bool(message.get("more_body"))
            return message

        async def send_counted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, took
            if message["type"] == "http.response.start":
                status = message["status"]
                took = time.perf_counter() - started  # how long a stream then lives says nothing of this server
                if unread and status >= 400:
                    await _drain(receive)
                headers = list(message.get("headers", ()))
                headers.append((b"x-trace-id", trace))
                headers.append(NOSNIFF)
                headers += quota_headers(scope)
                headers += self._cors.headers(scope["headers"])
                if self._stopping.is_set():  # so that clients send their next request to another instance
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            if (preflight := self._cors.preflight(method, scope["headers"])) is not None:
                await send_counted({"type": "http.response.start", "status": 204, "headers": preflight})
                await send_counted({"type": "http.response.body"})
                return
            await self._app(scope, receive_noted, send_counted)
        finally:
            self._access.note(method, scope.get("path_template", ""), status, took or time.perf_counter() - started)

    async def _websocket(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Note how a WebSocket begins; say what was wrong in a problem document before that, in a close code after."""
        started = time.perf_counter()
        trace = _begin_trace(scope)
        status = 0

        async def send_noted(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            refusal = scope.pop(REFUSED_BY, None) if message["type"] == "websocket.close" else None
            if not status:
                if message["type"] == "websocket.close" and "websocket.http.response" in scope.get("extensions", ()):
                    await respond(scope, receive, send_noted, refusal or forbidden("You may not open this WebSocket."))
                    return
                status = _OUTCOMES.get(message["type"]) or message["status"]
                self._access.note("GET", scope.get("path_template", ""), status, time.perf_counter() - started)
                message["headers"] = [*message.get("headers", ()), (b"x-trace-id", trace), NOSNIFF]
            elif refusal is not None:
                problem = problem_of(scope, refusal)
                message["code"], message["reason"] = 4000 + problem.status, problem.slug
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            if not status:
                self._access.note("GET", scope.get("path_template", ""), 0, time.perf_counter() - started)


def _begin_trace(scope: MutableMapping[str, Any]) -> bytes:
    parent = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
    return begin_trace(parent.decode("latin-1") if parent else None).encode()
