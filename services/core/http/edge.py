"""The edge of every request: its trace, access log and metrics, and an end to bodies that never arrive."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from services.core.http.request import WHOLE
from services.core.observe.metrics import LATENCY, REQUESTS
from services.core.observe.trace import begin_trace
from services.core.problems import too_slow

log = structlog.get_logger("http")


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


@cache
def _meters(method: str, route: str, status: int) -> tuple[Callable[[float], None], Callable[[], None]]:
    """Return what observes the latency and counts the request. Labels are bounded, so these are few."""
    return LATENCY.labels(route).observe, REQUESTS.labels(method, route, str(status)).inc


_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_SLOW_SECONDS = 1.0
_DRAIN_BYTES = 16_000_000
_DRAIN_SECONDS = 2.0
_BODY_SECONDS = 30.0
"""A body has arrived by then: whoever sends one byte a second would hold a request for as long as he likes."""


async def _drain(receive: Receive) -> None:
    """Take the rest of a refused body: a connection that is closed on unread data loses the answer."""
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while taken < _DRAIN_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                taken += len(message.get("body", b""))


class EdgeMiddleware(ASGIMiddleware):
    """Begins the trace; counts and times the answer; logs it if it was refused or slow.

    A line has the path's template, never a query or body. At the level `debug` every answer is logged.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._log: Any = None

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Wrap one request."""
        started = time.perf_counter()
        parent = next((v for k, v in scope["headers"] if k == b"traceparent"), None)
        trace = begin_trace(parent.decode("latin-1") if parent else None).encode()
        status, took = 0, 0.0
        method = str(scope.get("method", ""))
        unread = method not in _BODILESS

        async def receive_noted() -> ReceiveMessage:
            nonlocal unread
            if not unread:  # all that comes now is the connection's end
                return await receive()
            if WHOLE in scope:
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

        async def send_counted(message: Message) -> None:
            nonlocal status, took
            if message["type"] == "http.response.start":
                status = message["status"]
                took = time.perf_counter() - started  # how long a stream then lives says nothing of this server
                if unread and status >= 400:
                    await _drain(receive)
                headers = list(message.get("headers", ()))
                headers.append((b"x-trace-id", trace))
                headers.append((b"x-content-type-options", b"nosniff"))
                if self._stopping.is_set():  # whoever keeps the connection goes elsewhere with the next request
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            await next_app(scope, receive_noted, send_counted)
        finally:
            route = str(scope.get("path_template") or "unmatched")
            took = took or time.perf_counter() - started
            observe, count = _meters(method if method in _METHODS else "other", route, status)
            observe(took)
            count()
            # A line costs as much as a tenth of a vote; what went well and fast is in the metrics.
            if self._log is None:  # bound once: to look it up for each line that isn't written costs 2 µs
                self._log = log.bind()
            if status >= 400 or not status or took > _SLOW_SECONDS:
                self._log.info("request", method=method, route=route, status=status, ms=round(took * 1000, 2))
            else:
                self._log.debug("request", method=method, route=route, status=status, ms=round(took * 1000, 2))
