"""Reading the one request whose cost counts, by hand; and describing it as if Litestar had read it."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, Parameter, Reference, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.types import Receive, Scope, Send

from services.core.http.dependencies import shared_of
from services.core.http.openapi import TOKEN
from services.core.identity.subject import Subject
from services.core.problems import FieldError, Problem, malformed, unauthenticated, unsupported
from services.votebooth.poll.choices import SECRET_PATTERN
from services.votebooth.poll.voters import MAX_VERSION, SECRET_HEADER, TOKEN_HEADER, VERSION_HEADER

MAX_BODY_BYTES = 100_000

Headers = dict[bytes, bytes]

_VERSION = VERSION_HEADER.lower().encode()
_LONGEST = len(str(MAX_VERSION))


async def subject_of(request: Request[Any, Any, Any], headers: Headers) -> Subject:
    """Return the verified identity.

    Raises:
        Problem: 401.
    """
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if not token or scheme.lower() != "bearer":
        raise unauthenticated()
    return await shared_of(request).verifier.subject(token.strip())


def text_of(headers: Headers, name: str) -> str | None:
    """Return a header's value, None without one."""
    value = headers.get(name.lower().encode())
    return None if value is None else value.decode("latin-1")


def version_of(headers: Headers) -> int | None:
    """Return the version of the poll that the voter was shown, None if the request doesn't say.

    Raises:
        Problem: 400; taken for none, a mistake of the client's would show on the day when a question is mended.
    """
    given = headers.get(_VERSION)
    if given is None:
        return None
    version = int(given) if given.isdigit() and len(given) <= _LONGEST else 0
    if not 1 <= version <= MAX_VERSION:
        error = FieldError(VERSION_HEADER, "It is a poll's version.", minimum=1, maximum=MAX_VERSION)
        raise malformed(f"{VERSION_HEADER} isn't a poll's version.", (error,))
    return version


async def json_of(request: Request[Any, Any, Any], headers: Headers) -> bytes:
    """Return the body, which must be said to be JSON, so that no plain HTML form can send it.

    Raises:
        Problem: 400, 413 or 415.
    """
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise unsupported("Send the ballot as JSON, with 'Content-Type: application/json'.")
    body = b""
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise malformed("The request ended early.")
        body += message["body"]
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            raise Problem(413, "too-large", "The request is too large", "A ballot has at most 100 kB.")
    return body


class Answer:
    """A JSON answer, as an ASGI application: what is left of Litestar's `Response` without cookies and the like."""

    __slots__ = ("_body", "_status")

    def __init__(self, status: int, body: bytes) -> None:
        self._status = status
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self._body))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


@dataclass
class BallotOperation(Operation):
    """Describes the request that the handler reads by itself."""

    def __post_init__(self) -> None:
        """Add parameters and body; their schemas stand with other operations."""
        shown = {
            "picks": {"picks": [2, 5]},
            "scores": {"scores": {"1": 5, "2": 0}},
            "ranking": {"ranking": [[3], [1], [2, 4]]},
            "points": {"points": {"1": 60, "4": 40}},
            "abstention": {"abstain": True},
        }
        media = OpenAPIMediaType(
            schema=Reference(ref="#/components/schemas/BallotBody"),
            examples={name: Example(value=value) for name, value in shown.items()},
        )
        self.request_body = RequestBody(content={"application/json": media}, required=True)
        self.security = TOKEN
        text = Schema(type=OpenAPIType.STRING)
        self.parameters = [
            Parameter(
                "poll_id",
                "path",
                required=True,
                schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID),
                description="The poll.",
            ),
            Parameter(TOKEN_HEADER, "header", schema=text, description="The voting token, in polls that take one."),
            Parameter(
                SECRET_HEADER,
                "header",
                schema=Schema(type=OpenAPIType.STRING, pattern=SECRET_PATTERN),
                description="The ballot's secret, in anonymous polls.",
            ),
            Parameter(
                VERSION_HEADER,
                "header",
                schema=Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_VERSION),
                description="The `version` of the poll that the voter was shown; needed where the question was changed "
                "after it was published, so that nobody's ballot counts for words that they weren't shown.",
            ),
        ]
