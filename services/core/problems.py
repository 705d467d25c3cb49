"""Problem documents (RFC 9457): the one shape of every error that leaves a service.

Raise `Problem` (or one of the short constructors) anywhere below a controller; `HANDLERS` turns it, and
whatever the framework or a library raises, into `application/problem+json`. A message of the database
never leaves: what isn't recognised becomes a 500 with a trace id and nothing else.
"""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.types import ExceptionHandlersMap
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.core.calls import PeerError
from services.core.db import is_passing, is_unstorable
from services.core.logs import where
from services.core.metrics import REQUESTS
from services.core.secrets import SecretError
from services.core.trace import begin_trace, current_trace

TYPE_BASE = "https://votewave.dev/problems/"
MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 1_000_000
"""What a request's body may have at most, unless a route allows more."""

_FIELD_NAMES = {"data": "body"}  # the handlers' own name for it
_AWAY = (PeerError, RedisConnectionError, RedisTimeoutError, SecretError)


class FieldError(msgspec.Struct, frozen=True):
    """One field that was refused: its path in the body or the query, and why."""

    field: str
    message: str


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457: `type` is stable and documented, `detail` is for people, `trace` finds the log lines."""

    type: str
    title: str
    status: int
    detail: str = ""
    trace: str = ""
    errors: tuple[FieldError, ...] = ()


class Problem(Exception):  # noqa: N818  (RFC 9457's own word)
    """An error with a status, a stable type and a sentence that says what to do.

    Args:
        status: The HTTP status.
        slug: The last part of the problem's `type`, for example `ballot-refused`.
        title: What kind of problem this is; the same for each occurrence.
        detail: What happened this time, for people.
        errors: The fields that were refused.
        retry_after: Seconds after which trying again makes sense.
        extensions: Members of the document beyond those of every problem (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str = "",
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after
        self.extensions = extensions or {}

    def response(self) -> Response[Any]:
        """Return the answer that carries this problem."""
        headers: dict[str, str] = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="votewave"'
        document = ProblemDocument(
            type=TYPE_BASE + self.slug,
            title=self.title,
            status=self.status,
            detail=self.detail,
            trace=current_trace(),
            errors=self.errors,
        )
        content: Any = {**msgspec.to_builtins(document), **self.extensions} if self.extensions else document
        return Response(content, status_code=self.status, media_type=MEDIA_TYPE, headers=headers)


def malformed(detail: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    """400: the request can't be read."""
    return Problem(400, "malformed-request", "The request can't be read", detail, errors=errors)


def unauthenticated(detail: str = "Send an access token as 'Authorization: Bearer …'.") -> Problem:
    """401: no valid access token."""
    return Problem(401, "unauthenticated", "Sign in first", detail)


def forbidden(detail: str) -> Problem:
    """403: the subject is known and may not do this."""
    return Problem(403, "forbidden", "You may not do this", detail)


def not_found(what: str) -> Problem:
    """404: it doesn't exist, or the subject may not know of it."""
    return Problem(404, "not-found", "Not found", f"There is no such {what}, or you may not see it.")


def too_slow(seconds: float) -> Problem:
    """408: the body hasn't arrived in time."""
    return Problem(408, "too-slow", "The request took too long", f"A body has to arrive within {seconds:g} seconds.")


def conflict(slug: str, detail: str) -> Problem:
    """409: it contradicts what is already there."""
    return Problem(409, slug, "This conflicts with what is already there", detail)


def closed(detail: str) -> Problem:
    """410: it was possible once and isn't any more."""
    return Problem(410, "closed", "This is over", detail)


def misdirected(wanted: str) -> Problem:
    """421: the request is for a service that isn't here (RFC 9110, section 15.5.20)."""
    return Problem(421, "misdirected", "This isn't the service you want", f"Nothing of {wanted[:40]} is served here.")


def refused(slug: str, detail: str, *errors: FieldError) -> Problem:
    """422: the request can be read, and breaks a rule."""
    return Problem(422, slug, "A rule was broken", detail, errors=errors)


def too_many(detail: str, retry_after: float) -> Problem:
    """429: slow down. `retry_after` is in seconds."""
    return Problem(429, "too-many-requests", "Too many requests", detail, retry_after=retry_after)


def unavailable(detail: str, retry_after: float = 1.0) -> Problem:
    """503: try again. `retry_after` is in seconds."""
    return Problem(503, "unavailable", "Not available right now", detail, retry_after=retry_after)


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
