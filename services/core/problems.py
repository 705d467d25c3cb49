"""Problem documents (RFC 9457): the one shape of every error that leaves a service.

Raise `Problem` (or one of the short constructors) anywhere below a controller; `HANDLERS` turns it, and
whatever the framework or a library raises, into `application/problem+json`. A message of the database
never leaves: what isn't recognised becomes a 500 with a trace id and nothing else.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response

from services.core.observe.trace import current_trace

TYPE_BASE = "https://votewave.dev/problems/"
MEDIA_TYPE = "application/problem+json"
_QUOTA_SECONDS = 60.0
NOSNIFF = (b"x-content-type-options", b"nosniff")
"""A header of every answer: it is what its media type says, and nothing that a browser would rather see in it."""


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field that was refused, and what it may hold, as far as that can be said of it alone.

    Attributes:
        field: Its path in the body, such as `options.3.label`, or its name in the query.
        message: Why, for people.
        allowed: The values that it may have, where they can be listed.
        minimum: The least number.
        maximum: The greatest number.
        min_length: The least number of characters, or of items.
        max_length: The greatest number of characters, or of items.
    """

    field: str
    message: str
    allowed: tuple[str | int | bool, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457: `type` is stable and documented, `detail` is for people, `trace` finds the log lines."""

    type: str
    title: str
    status: int
    detail: str = ""
    trace: str = ""
    errors: tuple[FieldError, ...] = ()
    retry_after: Annotated[int, msgspec.Meta(description="Seconds, as in the header.")] | None = None
    scope: Annotated[str, msgspec.Meta(description="`missing-scope`: what the token lacks.")] | None = None
    opens_at: Annotated[datetime, msgspec.Meta(description="`not-open`: when voting opens.")] | None = None
    version: Annotated[int, msgspec.Meta(description="`question-changed`: of the poll, to be shown.")] | None = None
    reason: Annotated[str, msgspec.Meta(description="`results-hidden`: the rule that hides them.")] | None = None
    shown_at: (
        Annotated[datetime, msgspec.Meta(description="`results-hidden`: when they will be shown, if known.")] | None
    ) = None
    line: Annotated[int, msgspec.Meta(description="`uncountable`: where in the file, from 1.")] | None = None
    column: Annotated[int, msgspec.Meta(description="`uncountable`: where in the line, from 1.")] | None = None


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
        self.retry_seconds = None if retry_after is None else max(1, math.ceil(retry_after))
        if self.retry_seconds is not None:
            self.headers["Retry-After"] = str(self.retry_seconds)
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
            retry_after=self.retry_seconds,
        )
        return {**msgspec.to_builtins(document), **self.extensions} if self.extensions else document

    def response(self) -> Response[Any]:
        """Return the answer that carries this problem."""
        return Response(self.document, status_code=self.status, media_type=MEDIA_TYPE, headers=self.headers)


def malformed(detail: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    """400: the request can't be read."""
    return Problem(400, "malformed-request", "The request can't be read", detail, errors=errors)


def misfitting(errors: tuple[FieldError, ...]) -> Problem:
    """400: values don't have the type that they should have, or names aren't known."""
    return malformed("Some values were refused; 'errors' names them.", errors)


def bad_cursor() -> Problem:
    """400: a cursor is none that this list gave out."""
    detail = "The cursor isn't one that this list gave out. Start without one."
    return Problem(400, "bad-cursor", "This cursor isn't of this list", detail, errors=(FieldError("cursor", detail),))


def unauthenticated(detail: str = "Send an access token as 'Authorization: Bearer …'.") -> Problem:
    """401: there is no access token."""
    return Problem(401, "unauthenticated", "Sign in first", detail)


def bad_token(detail: str) -> Problem:
    """401: the access token isn't one of ours."""
    return Problem(401, "bad-token", "This token is not valid", detail)


def expired_token() -> Problem:
    """401: the access token was good, and its time is over; its session may go on."""
    return Problem(401, "expired-token", "This token has expired", "The access token has expired. Refresh it.")


def bad_ticket() -> Problem:
    """401: a ticket for a stream is used up, over, or none of ours."""
    detail = "The ticket was used or has expired. Ask for a new one."
    return Problem(401, "bad-ticket", "This ticket isn't valid", detail)


def session_ended() -> Problem:
    """401: who the token is for signed out, was signed out, or is gone."""
    return Problem(401, "session-ended", "This session has ended", "This session has ended. Sign in again.")


def forbidden(detail: str) -> Problem:
    """403: the subject is known and may not do this."""
    return Problem(403, "forbidden", "You may not do this", detail)


def missing_scope(scope: str) -> Problem:
    """403: the token doesn't cover this."""
    detail = f"This token lacks the scope '{scope}'."
    return Problem(403, "missing-scope", "This token may not do this", detail, extensions={"scope": scope})


def not_for_guests(detail: str = "Guests can't do this. Create an account; your votes come along.") -> Problem:
    """403: an account would be let in."""
    return Problem(403, "guest-refused", "This takes an account", detail)


def not_the_owner(detail: str = "Only the poll's owner can do this.") -> Problem:
    """403: it is somebody else's."""
    return Problem(403, "not-the-owner", "This is somebody else's", detail)


def not_found(what: str) -> Problem:
    """404: it doesn't exist, or the subject may not know of it."""
    return Problem(404, "not-found", "Not found", f"There is no such {what}, or you may not see it.")


def too_slow(seconds: float) -> Problem:
    """408: the body hasn't arrived in time."""
    return Problem(408, "too-slow", "The request took too long", f"A body has to arrive within {seconds:g} seconds.")


def conflict(slug: str, detail: str) -> Problem:
    """409: it contradicts what is already there."""
    return Problem(409, slug, "This conflicts with what is already there", detail)


def key_used(what: str) -> Problem:
    """409: an Idempotency-Key comes again with something else; `what` is what it made."""
    return conflict("idempotency-key-used", f"This Idempotency-Key was sent with another {what}. Use a new one.")


def already_done(detail: str) -> Problem:
    """409: an Idempotency-Key comes again, and what it made can't be told twice: it is kept as a hash."""
    return conflict("already-done", detail)


def closed(detail: str) -> Problem:
    """410: it was possible once and isn't any more."""
    return Problem(410, "closed", "This is over", detail)


def unsupported(detail: str) -> Problem:
    """415: the body has another media type than the route takes."""
    return Problem(415, "unsupported-media-type", "This media type isn't accepted", detail)


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
