"""From whatever was raised to a problem document: a `Problem`, an error of Litestar's, of a database, of anybody."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.types import ExceptionHandlersMap
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.core.aws.secrets import SecretError
from services.core.data.database import is_passing, is_unstorable
from services.core.observe.logs import where
from services.core.observe.metrics import REQUESTS
from services.core.observe.trace import begin_trace, current_trace
from services.core.peers.calls import PeerError
from services.core.problems import FieldError, Problem, malformed, unavailable

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 1_000_000
"""What a request's body may have at most, unless a route allows more."""

_FIELD_NAMES = {"data": "body"}  # the handlers' own name for it
_AWAY = (PeerError, RedisConnectionError, RedisTimeoutError, SecretError)

_HTTP_SLUGS: Mapping[int, tuple[str, str]] = {
    400: ("malformed-request", "The request can't be read"),
    401: ("unauthenticated", "Sign in first"),
    403: ("forbidden", "You may not do this"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This address doesn't take that method"),
    413: ("too-large", "The request is too large"),
    415: ("unsupported-media-type", "This media type isn't taken"),
}


_PHRASES = frozenset({*(status.phrase for status in HTTPStatus), "Request Entity Too Large"})
"""What HTTP calls each status; Python 3.13 has a newer one for 413 than Litestar."""

_SENTENCES: Mapping[int, str] = {
    404: "There is no such page, or you may not see it.",
    405: "'Allow' lists the methods that it takes.",
    413: f"A body has at most {MAX_BODY_BYTES} bytes.",
}


def _on_problem(_: Request[Any, Any, Any], exc: Problem) -> Response[Any]:
    return exc.response()


def _on_http(request: Request[Any, Any, Any], exc: HTTPException) -> Response[Any]:
    if not (trace := current_trace()):  # no route matched, so that the edge's middleware hasn't seen it
        trace = begin_trace(request.headers.get("traceparent"))
        response = _http_response(exc)
        response.headers.update({"x-trace-id": trace, "x-content-type-options": "nosniff"})
        REQUESTS.labels("other", "unmatched", str(exc.status_code)).inc()
        log.info("request", method=request.method, route="unmatched", status=exc.status_code)
        return response
    return _http_response(exc)


def _http_response(exc: HTTPException) -> Response[Any]:
    slug, title = _HTTP_SLUGS.get(exc.status_code, ("error", "The request failed"))
    # Where the framework only has HTTP's phrase for the status, the title says as much already.
    detail = _SENTENCES.get(exc.status_code, "") if exc.detail in _PHRASES else exc.detail
    problem = Problem(exc.status_code, slug, title, detail if exc.status_code < 500 else "")
    if isinstance(exc, ValidationException):
        problem.detail = "Some values were refused; 'errors' names them."
        problem.errors = _field_errors(exc.extra) or _missing(exc.detail)
    response = problem.response()
    if isinstance(exc, MethodNotAllowedException) and exc.headers:
        response.headers.update(exc.headers)
    return response


_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")


def _missing(detail: str) -> tuple[FieldError, ...]:
    """Name the parameter that is missing, which Litestar does in a sentence only."""
    found = _MISSING.match(detail)
    return (FieldError(found[1], "It is required."),) if found else ()


def _field_errors(extra: Any) -> tuple[FieldError, ...]:
    if not isinstance(extra, list):
        return ()
    return tuple(
        FieldError(field=_FIELD_NAMES.get(key := str(item.get("key", "")), key), message=str(item.get("message", "")))
        for item in extra
        if isinstance(item, Mapping)
    )


def _on_error(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    # The template, for a path may hold a receipt; the exception's kind and place, for its text may quote anything.
    route = str(request.scope.get("path_template") or "unmatched")
    if is_unstorable(exc):
        log.warning("value_refused", route=route, error=type(exc).__name__, where=where(exc))
        return malformed("A value can't be kept: a number is too large or a text holds a NUL.").response()
    if is_passing(exc) or isinstance(exc, _AWAY):
        log.warning("dependency_failed", route=route, error=type(exc).__name__)
        return unavailable("A part that this needs doesn't answer. Try again.").response()
    log.error("unhandled", route=route, error=type(exc).__name__, where=where(exc))
    return Problem(500, "internal", "Something went wrong", "Tell us the trace id.").response()


def answer(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    """Return the problem document of anything that a handler of ours raises."""
    if isinstance(exc, Problem):
        return exc.response()
    return _http_response(exc) if isinstance(exc, HTTPException) else _on_error(request, exc)


HANDLERS: ExceptionHandlersMap = {
    Problem: _on_problem,
    HTTPException: _on_http,
    Exception: _on_error,
}
