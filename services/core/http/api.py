"""What routes of every service have in common in the API's description: refusals, pages, ETags, keys of idempotency."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter

from services.core.data.pagination import LONGEST_CURSOR, MAX_LIMIT
from services.core.problems import MEDIA_TYPE, ProblemDocument

Cursor = Annotated[
    str | None,
    QueryParameter(pattern="^[A-Za-z0-9_-]*$", max_length=LONGEST_CURSOR, description="`next` of the page before."),
]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="Items on a page.")]
IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", description="The ETag you have seen; 412 if it has another now.")
]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", description="The ETag you have; 304 if it still holds.")
]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        pattern="^[!-~]{1,128}$",
        description="1–128 visible ASCII characters. The same key and body make one, however often sent.",
    ),
]

UNCHANGED = ResponseSpec(None, description="It is as you have it.")
"""304, where a route takes `IfNoneMatch`."""


def matches(header: str | None, etag: str) -> bool:
    """Say whether If-Match or If-None-Match names an ETag (RFC 9110, section 13.1); no header names none.

    A proxy that compresses marks an ETag as weak. What it says about the version is as exact as before, so weak ones
    match too.
    """
    named = {part.strip().removeprefix("W/") for part in (header or "").split(",")}
    return etag in named or named == {"*"}


_TEXTS: Mapping[int, str] = {
    400: "`malformed-request`: it can't be read; `errors` names every field that doesn't fit, or that isn't known.",
    401: "`unauthenticated` without an access token; `expired-token`, `bad-token` or `session-ended` with one.",
    403: "You may not do this; `missing-scope`: the token lacks `scope`.",
    404: "`not-found`: there is no such thing, or you may not see it.",
    409: "It contradicts what is already there.",
    410: "This is over.",
    412: "It has changed since you read it.",
    413: "The body is too large.",
    415: "The body isn't declared as JSON.",
    422: "A rule was broken; `errors` names every such field.",
    429: "Too many requests; Retry-After says when to go on.",
    503: "Not available right now; Retry-After says when to try again.",
}


_TYPES: Mapping[int, tuple[str, ...]] = {
    400: ("malformed-request", "token-in-url"),
    401: ("unauthenticated", "expired-token", "bad-token", "session-ended"),
    403: ("forbidden",),
    404: ("not-found",),
    410: ("closed",),
    413: ("too-large",),
    415: ("unsupported-media-type",),
    429: ("too-many-requests",),
    503: ("unavailable",),
}
"""The types of problems that every route gives with a status."""

_NAMED = re.compile("`([a-z]+(?:-[a-z]+)+)`")


@dataclass
class Refusal(ResponseSpec):
    """A problem document of a route.

    Attributes:
        types: Which ones it may be: the last parts of their `type`.
    """

    types: frozenset[str] = frozenset()


def problems(
    texts: Mapping[int, str], *statuses: int, types: Mapping[int, str] = MappingProxyType({}), **said: str
) -> dict[int, ResponseSpec]:
    """Describe the problem documents of a route.

    Their types are those that every route gives, those that the text names in backticks (`not-open`), and `types`.

    Args:
        texts: What statuses mean among these routes, where something more exact can be said than of every route.
        statuses: Those that the route gives, in these words.
        types: More types by status, with spaces between them: such as have no hyphen.
        said: `_409="…"` says what that status means here.
    """
    known = {**_TEXTS, **texts}
    described = {status: known[status] for status in statuses} | {int(key[1:]): text for key, text in said.items()}
    return {
        status: Refusal(
            ProblemDocument,
            description=text,
            media_type=MEDIA_TYPE,
            generate_examples=False,
            types=frozenset((*_TYPES.get(status, ()), *_NAMED.findall(text), *types.get(status, "").split())),
        )
        for status, text in described.items()
    }
