"""What the routes of polls answer, and how the document tells it."""

from functools import partial
from typing import Any

from litestar import MediaType, Request, Response
from litestar.openapi import ResponseSpec

from services.core.http.api import UNCHANGED, problems
from services.polls.controllers.throttles import WEIGHING
from services.polls.reading import Seen
from services.polls.schemas import PollView

AnyRequest = Request[Any, Any, Any]

_SAID = {
    403: "`not-the-owner`: it is somebody else's poll. `guest-refused`: guests make none. "
    "`missing-scope`: of the token.",
    404: "There is no such poll, or you may not see it.",
    409: "It contradicts what the poll is now.",
    412: "`stale`: the poll has changed since you read it.",
    422: "`poll-refused`: `errors` names every field that breaks a rule.",
    429: "`too-many-requests`, or `over-quota`: there is no room for more.",
    503: "Whether somebody has voted already can't be found out; nothing was changed.",
}

refusals = partial(problems, _SAID, 400, types={409: "locked irreversible", 412: "stale"})

KEY_USED = "`idempotency-key-used`: the Idempotency-Key was sent with another request."


def poll(status: int, description: str) -> dict[int, ResponseSpec]:
    """Return how the document tells an answer that is a whole poll."""
    return {status: ResponseSpec(PollView, description=description, generate_examples=False)}


MADE_BEFORE = poll(200, "The poll that this Idempotency-Key made before.")
OWN = refusals(401, 403, 404, 429)
CHANGED = {**poll(200, "The poll as it is now."), **OWN}
LATER = "It is done here, and VoteBooth isn't known to have heard of it yet: it may take ballots for a moment."
TIMED = {**CHANGED, **poll(202, f"{LATER} The body is as with 200; the same request asks again.")}
READ = {
    **poll(200, "The poll."),
    304: UNCHANGED,
    **refusals(404),
}


def answer(seen: Seen, status: int = 200) -> Response[bytes]:
    """Return a poll, or 304 where the client has it; 202 says that VoteBooth hasn't heard of a change yet."""
    # `no-cache` lets others keep the answer and makes them ask each time whether it holds.
    headers = {"ETag": seen.etag, "Cache-Control": "no-cache" if seen.public else "private, no-store"}
    if not seen.body:
        return Response(b"", status_code=304, headers=headers)
    if not seen.arrived:
        status, headers["Retry-After"] = 202, "1"
    return Response(seen.body, status_code=status, media_type=MediaType.JSON, headers=headers)


async def weighed(request: AnyRequest, response: Response[bytes]) -> Response[bytes]:
    """Return an answer, and have those who asked for it feel its size with their next request."""
    await WEIGHING.charge(request, len(response.content))
    return response


def created(seen: Seen, *, new: bool = True) -> Response[bytes]:
    """Return a poll that was made, or that the same request made before, with its address."""
    response = answer(seen, 201 if new else 200)
    response.headers["Location"] = f"/v1/polls/{seen.poll_id}"
    return response
