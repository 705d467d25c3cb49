"""Results over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter

from services.core.http.dependencies import address_of
from services.core.identity.subject import Subject
from services.core.problems import Problem
from services.votebooth.results.description import BallotToken, problems
from services.votebooth.results.schemas import Results
from services.votebooth.service import VoteBooth

IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", description="The `ETag` of an answer you have.")
]
VISIBLE = {"cache-control": "private, no-cache", "vary": "Authorization, Ballot-Token"}
HIDDEN = {"cache-control": "private, no-store"}


class ResultController(Controller):
    """What a poll's ballots add up to, for those who may see it."""

    tags = ("Results",)

    @get(
        "/polls/{poll_id:uuid}/results",
        operation_id="ResultRead",
        summary="See a poll's result",
        responses={
            200: ResponseSpec(Results, description="The result.", generate_examples=False),
            304: ResponseSpec(None, description="It is as you have it."),
            **problems(400, 401, 403, 404),
        },
    )
    async def read(
        self,
        votebooth: NamedDependency[VoteBooth],
        viewer: NamedDependency[Subject | None],
        request: Request[Any, Any, Any],
        poll_id: FromPath[UUID],
        ballot_token: BallotToken = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[Results]:
        """Return the result as it stands, with every round and every broken tie explained.

        Who may not see it gets a problem `results-hidden` with the `reason` (`after_vote`, `after_close`,
        `owner`, `minimum`) and, where it is known, the time `shown_at`.
        """
        who = await votebooth.viewers.viewer(poll_id, viewer, ballot_token, lambda: address_of(request))
        try:
            entry = await votebooth.results.read(poll_id, who)
        except Problem as exc:
            return hidden(exc)
        headers = {**VISIBLE, "etag": entry.tag}
        if matches(if_none_match, entry.tag):
            return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]  # no body
        content: Any = entry.body
        return Response(content, headers=headers, media_type=MediaType.JSON)


def hidden(problem: Problem) -> Response[Any]:
    """Return a problem's answer, never to be kept by a cache; it says who may see what at this moment."""
    response = problem.response()
    response.headers.update(HIDDEN)
    return response


def matches(if_none_match: str | None, tag: str) -> bool:
    """Say whether a conditional request names a tag (RFC 9110, section 13.1.2; weak comparison)."""
    named = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return tag in named or "*" in named
