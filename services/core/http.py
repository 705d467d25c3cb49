"""The edge of every request: trace, access log, metrics, the subject, and a strict reading of JSON."""

import asyncio
import contextlib
import inspect
import json
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import msgspec
import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from services.core.calls import DEADLINE_HEADER, SERVICE_TOKEN_HEADER, begin_deadline
from services.core.kit import Shared
from services.core.listener import WHOLE
from services.core.metrics import LATENCY, REQUESTS
from services.core.problems import FieldError, malformed, not_found, too_slow, unauthenticated, unavailable
from services.core.subject import Subject
from services.core.trace import HEADER, begin_trace

log = structlog.get_logger("http")

Connection = ASGIConnection[Any, Any, Any, State]
SHARED = "shared"


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


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body says each thing once, and in the type that its handler declares."""

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            Problem: 400 if an object in it has the same name twice (RFC 8259 leaves open what that means).
        """
        raw = await super().body()
        if raw and raw[:1] in b'{[ \t\r\n"' and not self.scope.get("_votewave_checked"):
            self.scope["_votewave_checked"] = True  # type: ignore[typeddict-unknown-key]  # ours
            check_json(raw)
        return raw

    async def json(self) -> Any:
        """Return the JSON body as the handler's type.

        Litestar alone would decode it to plain objects and convert those leniently: "1" to a number, "false"
        to a truth value, 5 to a date.

        Raises:
            Problem: 400 that names the field.
        """
        field = self.route_handler.parsed_data_field
        if field is None:
            return await super().json()
        try:
            return msgspec.json.decode(await self.body() or b"null", type=field.annotation)
        except msgspec.ValidationError as exc:
            message, _, path = str(exc).partition(" - at `$")
            error = FieldError(path.strip("`.") or "body", message)
            raise malformed("Some values were refused; 'errors' names them.", (error,)) from exc
        except msgspec.DecodeError as exc:
            raise malformed(f"The body isn't valid JSON: {exc}") from exc


def check_json(raw: bytes) -> None:
    """Refuse what JSON decoders read differently: a name twice in one object, NaN, depth without end.

    Raises:
        Problem: 400.
    """
    try:
        _STRICT.decode(raw.decode())
    except RecursionError as exc:
        raise malformed("The body is nested too deeply.") from exc
    except ValueError as exc:
        raise malformed(f"The body isn't valid JSON: {exc}") from exc


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:60]!r} stands twice in one object")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def shared_of(connection: Connection) -> Shared:
    """Return what the process's services share."""
    shared: Shared = connection.app.state[SHARED]
    return shared


async def provide_viewer(request: Request[Any, Any, Any]) -> Subject | None:
    """Dependency `viewer`: the subject, or None without a token. A bad token is refused, not ignored."""
    return await authenticate(request)


async def provide_subject(request: Request[Any, Any, Any]) -> Subject:
    """Dependency `subject`: the subject; 401 without a token."""
    subject = await authenticate(request)
    if subject is None:
        raise unauthenticated()
    return subject


_AFTER: Any = NamedDependency  # of whatever type


def in_turn(provider: Callable[[Request[Any, Any, Any]], Awaitable[Any]], after: str) -> Provide:
    """Return a dependency on the request that is resolved after another one, which it has no use for.

    Litestar resolves what doesn't depend on each other at the same time, in a task group: 75 µs for each
    request (measured), many times what these dependencies take.

    Args:
        provider: `async (request)`.
        after: The name of the dependency that comes first.
    """

    async def provide(**given: Any) -> Any:
        return await provider(given["request"])

    annotations: dict[str, Any] = {"request": Request[Any, Any, Any], after: _AFTER}
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, keyword, annotation=kind) for name, kind in annotations.items()]
    provide.__annotations__ = annotations
    provide.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362
    return Provide(provide)


async def authenticate(connection: Connection) -> Subject | None:
    """Read and verify the Authorization header.

    Raises:
        Problem: 401 if there is one and it isn't a good bearer token.
    """
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated()
    return await shared_of(connection).verifier.subject(token.strip())


async def require_service(connection: Connection, _: Any) -> None:
    """Guard of `/internal`: only another service gets in; others learn nothing."""
    if not await shared_of(connection).calls.is_service(connection.headers.get(SERVICE_TOKEN_HEADER)):
        raise not_found("page")
    if not begin_deadline(connection.headers.get(DEADLINE_HEADER)):
        raise unavailable("Whoever asked has stopped waiting.")


def address_of(connection: Connection) -> str:
    """Return the client's address, as far as trusted proxies tell it."""
    hops = shared_of(connection).settings.trusted_proxies
    # Proxies append to the header's line or add a line of their own; only the last ones are theirs.
    lines = ",".join(connection.headers.getall("x-forwarded-for", []))
    forwarded = [part.strip() for part in lines.split(",") if part.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return connection.client.host if connection.client else "unknown"


__all__ = ["HEADER", "EdgeMiddleware", "StrictRequest", "address_of", "authenticate", "shared_of"]
