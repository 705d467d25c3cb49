"""Problem documents (RFC 9457): the one shape of every error that leaves a service.

Raise `Problem` (or one of the short constructors) anywhere below a controller; `HANDLERS` turns it, and
whatever the framework or a library raises, into `application/problem+json`. A message of the database
never leaves: what isn't recognised becomes a 500 with a trace id and nothing else.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

from services.core.observe.trace import current_trace

TYPE_BASE = "https://votewave.dev/problems/"
MEDIA_TYPE = "application/problem+json"
_QUOTA_SECONDS = 60.0
NOSNIFF = (b"x-content-type-options", b"nosniff")
"""A header of every answer: it is what its media type says, and nothing that a browser would rather see in it."""


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
        headers: Of the answer, beyond those that follow from the rest.
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
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after
        self.extensions = extensions or {}
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
        if status == 401:
            self.headers["WWW-Authenticate"] = 'Bearer realm="votewave"'

    @property
    def document(self) -> Any:
        """The problem document, with the current trace."""
        document = ProblemDocument(
            type=TYPE_BASE + self.slug,
            title=self.title,
            status=self.status,
            detail=self.detail,
            trace=current_trace(),
            errors=self.errors,
        )
        return {**msgspec.to_builtins(document), **self.extensions} if self.extensions else document

    def response(self) -> Response[Any]:
        """Return the answer that carries this problem."""
        return Response(self.document, status_code=self.status, media_type=MEDIA_TYPE, headers=self.headers)


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


def over_quota(detail: str) -> Problem:
    """429: the account has as much as it may; waiting helps only if something is given up meanwhile."""
    return Problem(429, "over-quota", "There is no room for more", detail, retry_after=_QUOTA_SECONDS)


def unavailable(detail: str, retry_after: float = 1.0) -> Problem:
    """503: try again. `retry_after` is in seconds."""
    return Problem(503, "unavailable", "Not available right now", detail, retry_after=retry_after)
