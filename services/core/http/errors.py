"""From an exception to a problem document: a `Problem`, or an error of Litestar, the database or any library."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_type_hints

import structlog
from advanced_alchemy.exceptions import NotFoundError
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException, WebSocketException
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.types import ExceptionHandlersMap
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.core.aws.secrets import SecretError
from services.core.data.database import is_duplicate, is_passing, is_unstorable
from services.core.misfits import field_error
from services.core.observe.logs import where
from services.core.peers.calls import PeerError
from services.core.problems import FieldError, Problem, conflict, malformed, not_found, unavailable
from services.core.storage.files import NoSuchFile, StorageError

log = structlog.get_logger(__name__)

_AWAY = (PeerError, RedisConnectionError, RedisTimeoutError, SecretError, StorageError)

_HTTP_SLUGS: Mapping[int, tuple[str, str]] = {
    400: ("malformed-request", "The request can't be read"),
    401: ("unauthenticated", "Sign in first"),
    403: ("forbidden", "You may not do this"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This address doesn't take that method"),
    413: ("too-large", "The request is too large"),
    415: ("unsupported-media-type", "This media type isn't accepted"),
}


_PHRASES = frozenset({*(status.phrase for status in HTTPStatus), "Request Entity Too Large"})
"""What HTTP calls each status; Python 3.13 has a newer one for 413 than Litestar."""

_SENTENCES: Mapping[int, str] = {
    404: "There is no such page, or you may not see it.",
    405: "'Allow' lists the methods that it takes.",
}


def _from_http(scope: Any, exc: HTTPException) -> Problem:
    slug, title = _HTTP_SLUGS.get(exc.status_code, ("error", "The request failed"))
    # Where the framework only has HTTP's phrase for the status, the title says as much already.
    detail = _sentence(scope, exc.status_code) if exc.detail in _PHRASES else exc.detail
    errors: tuple[FieldError, ...] = ()
    if isinstance(exc, ValidationException):
        detail = "Some values were refused; 'errors' names them."
        errors = _field_errors(scope.get("route_handler"), exc.extra) or _missing(exc.detail)
    return Problem(
        exc.status_code,
        slug,
        title,
        detail if exc.status_code < 500 else "",
        errors=errors,
        headers=_allow(exc) if isinstance(exc, MethodNotAllowedException) else None,
    )


def allowed(methods: Iterable[str]) -> str:
    """Return the header `Allow` of a path, given the methods of its routes: HEAD is answered wherever GET is."""
    taken = {method.strip().upper() for method in methods} | {"OPTIONS"}
    return ", ".join(sorted(taken | {"HEAD"} if "GET" in taken else taken))


def _allow(exc: MethodNotAllowedException) -> dict[str, str]:
    said = {name.lower(): value for name, value in (exc.headers or {}).items()}.get("allow", "GET")
    return {"Allow": allowed(said.split(","))}


def _sentence(scope: Any, status: int) -> str:
    if status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _SENTENCES.get(status, "")
    return f"A body has at most {scope['route_handler'].resolve_request_max_body_size()} bytes."


_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")


def _missing(detail: str) -> tuple[FieldError, ...]:
    """Name the parameter that is missing, which Litestar does in a sentence only."""
    found = _MISSING.match(detail)
    return (FieldError(found[1], "It is required."),) if found else ()


def _field_errors(handler: Any, extra: Any) -> tuple[FieldError, ...]:
    """Name the parameters that Litestar refused, as clients name them, with what they may hold."""
    if not isinstance(handler, BaseRouteHandler) or not isinstance(extra, list):
        return ()
    kinds = get_type_hints(handler.signature_model, include_extras=True)
    errors = []
    for item in extra:
        name, reason = str(item.get("key", "")), str(item.get("message", ""))
        field = handler.parsed_fn_signature.parameters.get(name)
        said = field.kwarg_definition if field else None
        name = said.name if isinstance(said, ParameterKwarg) and said.name else name
        errors.append(field_error(name, kinds.get(str(item.get("key", ""))), reason))
    return tuple(errors)


def _from_unforeseen(route: str, exc: Exception) -> Problem:
    if is_unstorable(exc):
        log.warning("value_refused", route=route, error=type(exc).__name__, where=where(exc))
        return malformed("A value can't be kept: a number is too large or a text holds a NUL.")
    if isinstance(exc, NoSuchFile):
        return not_found("file")
    if is_passing(exc) or isinstance(exc, _AWAY):
        log.warning("dependency_failed", route=route, error=type(exc).__name__)
        return unavailable("A service that this request depends on isn't answering. Try again.")
    if isinstance(exc, NotFoundError):
        return not_found("entry")
    if is_duplicate(exc):
        log.warning("duplicate_key", route=route, where=where(exc))
        return conflict("already-there", "Something with this name or key is there already.")
    log.error("unhandled", route=route, error=type(exc).__name__, where=where(exc))
    return Problem(500, "internal", "Something went wrong", "Tell us the trace id.")


def problem_of(scope: Any, exc: Exception) -> Problem:
    """Return the `Problem` for an exception raised below the edge; unexpected exceptions are logged.

    Args:
        scope: The connection's.
        exc: What was raised.
    """
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, HTTPException):
        return _from_http(scope, exc)
    # The template, for a path may hold a receipt; the exception's kind and place, for its text may quote anything.
    return _from_unforeseen(scope.get("path_template") or "unmatched", exc)


def _handle(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    return problem_of(request.scope, exc).response()


HANDLERS: ExceptionHandlersMap = {HTTPException: _handle, Exception: _handle}


async def respond(scope: Any, receive: Any, send: Any, exc: Exception) -> None:
    """Send the problem document of what was raised.

    Who wanted a WebSocket gets it, too, in answer to the HTTP request that it was until then.
    """
    if scope["type"] == "websocket":
        scope, send = {**scope, "type": "http", "method": "GET"}, _as_denial(send)
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    await _handle(request, exc).to_asgi_response(None, request)(scope, receive, send)


def _as_denial(send: Any) -> Any:
    """Return what sends an HTTP answer in place of a WebSocket (ASGI's extension `websocket.http.response`)."""

    async def send_denial(message: Any) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return send_denial


REFUSED_BY = "_votewave_refused_by"
"""Set in a WebSocket's scope: what was raised while it was served. Of most, Litestar only says code 4500."""


async def keep_refusal(exc: Exception, scope: Any) -> None:
    """Keep what was raised while a WebSocket was served, for the edge to say so (`after_exception` of Litestar)."""
    if scope["type"] == "websocket" and not isinstance(exc, WebSocketException):  # those have a code of their own
        scope[REFUSED_BY] = exc
