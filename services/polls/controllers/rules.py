"""What other services ask."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from services.polls.events import PollChanged
from services.polls.reading import Preparing
from services.polls.service import Led, Polls

MOST_VERSIONS = 100
"""How many polls' versions are told in one answer."""


class RulesController(Controller):
    """For other services."""

    @get("/{poll_id:uuid}/rules", summary="A published poll as its event tells it")
    async def rules(
        self,
        polls: NamedDependency[Polls],
        poll_id: FromPath[UUID],
        settled: Annotated[bool, QueryParameter(description="Wait for a change that is under way.")] = False,
    ) -> PollChanged:
        """Return the whole state of a poll that was published; `deleted` says whether it is gone."""
        return await polls.rules(poll_id, settled=settled)

    @get("/{poll_id:uuid}/preparing", summary="Who may prepare the voting of a poll, draft or not")
    async def preparing(self, polls: NamedDependency[Polls], poll_id: FromPath[UUID]) -> Preparing:
        """Return whose it is and who will vote."""
        return await polls.preparing(poll_id)

    @get("/{poll_id:uuid}/open", summary="Open a poll now, for its owner")
    async def open(
        self,
        polls: NamedDependency[Polls],
        poll_id: FromPath[UUID],
        owner: Annotated[UUID, QueryParameter(description="Who asked for it.")],
    ) -> Led:
        """Publish a draft, or have a scheduled poll open now; again, it does nothing, so that it may be tried twice."""
        return await polls.lead(owner, poll_id, "open")

    @get("/{poll_id:uuid}/close", summary="Close a poll now, for its owner")
    async def close(
        self,
        polls: NamedDependency[Polls],
        poll_id: FromPath[UUID],
        owner: Annotated[UUID, QueryParameter(description="Who asked for it.")],
    ) -> Led:
        """Close an open poll; again, it does nothing."""
        return await polls.lead(owner, poll_id, "close")

    @get("/versions", summary="The versions of published polls")
    async def versions(
        self,
        polls: NamedDependency[Polls],
        poll: Annotated[list[UUID], QueryParameter(max_items=MOST_VERSIONS, description="Polls.")],
    ) -> dict[UUID, int]:
        """Return the version of each of them that was published, deleted or not."""
        return await polls.versions(poll)
