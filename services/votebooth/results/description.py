"""How the API's description speaks of results: common refusals and headers."""

from typing import Annotated

from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter

from services.core.problems import MEDIA_TYPE, ProblemDocument
from services.votebooth.voters import TOKEN_HEADER

BallotToken = Annotated[
    str | None,
    HeaderParameter(name=TOKEN_HEADER, max_length=200, description="The voting token, in polls whose voters have one."),
]

_SAID = {
    400: "The request can't be read.",
    401: "There is no good access token.",
    403: "`results-hidden`: not shown to you, or not yet. `reason` is `after_vote`, `after_close`, `owner` or "
    "`minimum`; `shown_at` is when it will be shown, where that is known.",
    404: "There is no such poll, or you may not see it.",
    429: "Too many requests; Retry-After says when to go on.",
    503: "Not available right now; Retry-After says when to try again.",
}


def problems(*statuses: int, **said: str) -> dict[int, ResponseSpec]:
    """Describe refusals; `_409="…"` says what that status means here."""
    texts = {status: _SAID[status] for status in statuses} | {int(key[1:]): text for key, text in said.items()}
    return {
        status: ResponseSpec(ProblemDocument, description=text, media_type=MEDIA_TYPE, generate_examples=False)
        for status, text in texts.items()
    }
