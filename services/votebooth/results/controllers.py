"""Results and receipts over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, MediaType, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, PathParameter, QueryParameter

from services.core.data.pagination import Page, map_page
from services.core.http.api import UNCHANGED, Cursor, IfNoneMatch, matches, problems
from services.core.http.compression import COMPRESSED
from services.core.identity.subject import Subject
from services.core.problems import Problem
from services.votebooth.description import RESULTS, VOTING
from services.votebooth.results import schemas
from services.votebooth.results.receipts import Receipts
from services.votebooth.results.service import Results
from services.votebooth.results.state import Viewer

ReceiptCode = Annotated[
    str,
    PathParameter(pattern="^([0-9A-Fa-f]{2}){1,32}$", description="A receipt, in hexadecimal digits of either case."),
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
        opt=COMPRESSED,
        responses={
            200: ResponseSpec(schemas.Results, description="The result.", generate_examples=False),
            304: UNCHANGED,
            **problems(RESULTS, 400, 401, 403, 404),
        },
    )
    async def read(
        self,
        results: NamedDependency[Results],
        poll_viewer: NamedDependency[Viewer],
        poll_id: FromPath[UUID],
        if_none_match: IfNoneMatch = None,
    ) -> Response[schemas.Results]:
        """Return the result as it stands, with every round and every broken tie explained.

        Who may not see it gets a problem `results-hidden` with the `reason` (`after_vote`, `after_close`,
        `owner`, `minimum`) and, where it is known, the time `shown_at`.
        """
        try:
            entry = await results.read(poll_id, poll_viewer)
        except Problem as exc:
            return hidden(exc)
        headers = {**VISIBLE, "etag": entry.tag}
        if matches(if_none_match, entry.tag):
            return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]  # no body
        content: Any = entry.body
        return Response(content, headers=headers, media_type=MediaType.JSON)

    @get(
        "/polls/{poll_id:uuid}/salt",
        operation_id="SaltRead",
        summary="See what the server has committed to for ties",
        responses=problems(RESULTS, 400, 401, 404),
    )
    async def salt(
        self,
        results: NamedDependency[Results],
        viewer: NamedDependency[Subject | None],
        poll_id: FromPath[UUID],
    ) -> Response[schemas.Salt]:
        """Return the commitment to the salt in the seed of ties, from publication on, and after the end the salt.

        Everybody may see it, whoever may see the result. Keep the commitment when you vote.
        """
        state = await results.state_for(poll_id, None if viewer is None else viewer.id)
        seed = await results.seed(state)
        return Response(schemas.Salt(seed.commitment, seed.salt), headers=HIDDEN)


class ReceiptController(Controller):
    """Receipts: which ballots are counted, not what they say."""

    path = "/polls/{poll_id:uuid}/receipts"
    tags = ("Voting",)

    @get(
        operation_id="ReceiptList",
        summary="List the receipts of all counted ballots",
        responses=problems(
            RESULTS,
            400,
            401,
            403,
            404,
            _409="`poll-open`: there is no list of so many ballots before the end.",
        ),
    )
    async def list_all(
        self,
        receipts: NamedDependency[Receipts],
        poll_viewer: NamedDependency[Viewer],
        poll_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Annotated[int, QueryParameter(ge=1, le=schemas.MAX_RECEIPTS, description="Items on a page.")] = 100,
    ) -> Response[Page[schemas.Receipt]]:
        """Return receipts in the order of their codes, which is nobody's order of voting.

        The list's length tells how many have voted: it is shown to those who may see the result, and under a
        minimum it stands still between the steps in which the counts move. In a poll with a minimum and more
        than 10,000 ballots it is there once the poll is over.
        """
        try:
            page = await receipts.page(poll_id, poll_viewer, cursor, limit)
        except Problem as exc:
            return hidden(exc)
        return Response(map_page(page, lambda receipt: schemas.Receipt(receipt.hex())), headers=VISIBLE)

    @get(
        "/{code:str}",
        operation_id="ReceiptRead",
        summary="Look up a receipt",
        responses=problems(VOTING, 400, 401, 404),
    )
    async def read(
        self,
        receipts: NamedDependency[Receipts],
        viewer: NamedDependency[Subject | None],
        poll_id: FromPath[UUID],
        code: ReceiptCode,
    ) -> schemas.Receipt:
        """Return the receipt if a counted ballot has it; in an open poll with a minimum, also while it is listed."""
        await receipts.find(poll_id, None if viewer is None else viewer.id, code)
        return schemas.Receipt(code.lower())


def hidden(problem: Problem) -> Response[Any]:
    """Return a problem's answer, never to be kept by a cache; it says who may see what at this moment."""
    response = problem.response()
    response.headers.update(HIDDEN)
    return response
