"""Cards over HTTP."""

from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from services.core.http.api import problems
from services.core.http.dependencies import address_of
from services.core.http.limits import limit, limit_address
from services.core.identity.subject import Subject
from services.votebooth.cards.schemas import CardsWanted, VotingCards
from services.votebooth.cards.service import Cards
from services.votebooth.description import RESULTS

LOOKING = limit("poll-batch", 6_000, per=60, unit="polls")
LOOKING_AT_ONE_ADDRESS = limit_address("poll-batch", 60_000, per=60)
BATCH_BYTES = 16_000
"""A hundred polls, each with a voting token."""


class CardController(Controller):
    """Many polls at a glance, for lists."""

    tags = ("Results",)

    @post(
        "/polls/batch",
        operation_id="PollBatch",
        summary="See many polls at a glance",
        status_code=200,
        guards=[LOOKING, LOOKING_AT_ONE_ADDRESS],
        request_max_body_size=BATCH_BYTES,
        responses=problems(RESULTS, 400, 401, 413, 429),
    )
    async def batch(
        self,
        request: Request[Any, Any, Any],
        cards: NamedDependency[Cards],
        viewer: NamedDependency[Subject | None],
        data: JSONBody[CardsWanted],
    ) -> Response[VotingCards]:
        """Return, for up to 100 polls, counts as far as the viewer may see them, and what the viewer may do.

        With Polls' list it is all that a page of polls shows. A poll that was published this moment may be left out;
        each one weighs as much as a request.
        """
        for each in (LOOKING, LOOKING_AT_ONE_ADDRESS):  # which have counted one already
            await each.take(request, len(data.polls) - 1)
        items = await cards.read(data, viewer, lambda: address_of(request))
        return Response(VotingCards(items), headers={"cache-control": "private, no-store"})
