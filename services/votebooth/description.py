"""How the API's description speaks of what several rooms share: refusals, and headers that voters send."""

from collections.abc import Mapping
from typing import Annotated

from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from msgspec import Meta

from services.core.problems import MEDIA_TYPE, ProblemDocument
from services.votebooth.poll.choices import SECRET_PATTERN
from services.votebooth.poll.voters import SECRET_HEADER, TOKEN_HEADER

BallotToken = Annotated[
    str | None,
    HeaderParameter(name=TOKEN_HEADER, max_length=200, description="The voting token, in polls whose voters have one."),
]
BallotSecret = Annotated[
    str | None,
    HeaderParameter(name=SECRET_HEADER, pattern=SECRET_PATTERN, description="The ballot's secret, in anonymous polls."),
]
Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before.")]

RECEIPT = Meta(
    description="Proves that a ballot is counted, and says nothing about its content: 32 hexadecimal digits, "
    "64 in an anonymous poll.",
    examples=["9f86d081884c7d659a2feaa0c55ad015"],
)

VOTING = {
    400: "The request can't be read.",
    401: "There is no good access token.",
    403: "You may not vote in this poll.",
    404: "There is no such poll, or no such ballot.",
    409: "`not-open`: voting opens at `opens_at`. `change-not-allowed`, `withdraw-not-allowed`, `secret-needed`, "
    "`secret-taken`: the stored ballot stays as it is.",
    410: "Voting is over.",
    413: "The body is too large for a ballot.",
    415: "The body isn't said to be JSON.",
    422: "A rule of the poll was broken; `errors` names the field.",
    429: "Too many changes; Retry-After says when to go on.",
    503: "Nothing is known to be stored. Send it again after Retry-After: it counts once in any case.",
}
RESULTS = {
    400: "The request can't be read.",
    401: "There is no good access token.",
    403: "`results-hidden`: not shown to you, or not yet. `reason` is `after_vote`, `after_close`, `owner` or "
    "`minimum`; `shown_at` is when it will be shown, where that is known.",
    404: "There is no such poll, or you may not see it.",
    429: "Too many requests; Retry-After says when to go on.",
    503: "Not available right now; Retry-After says when to try again.",
}


def problems(texts: Mapping[int, str], *statuses: int, **said: str) -> dict[int, ResponseSpec]:
    """Describe a route's refusals.

    Args:
        texts: What each status means in this room.
        statuses: Those that the route gives, in the room's words.
        said: `_409="…"` says what that status means here.
    """
    described = {status: texts[status] for status in statuses} | {int(key[1:]): text for key, text in said.items()}
    return {
        status: ResponseSpec(ProblemDocument, description=text, media_type=MEDIA_TYPE, generate_examples=False)
        for status, text in described.items()
    }
