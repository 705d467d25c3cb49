"""What other services ask."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from services.follows.events import FollowChanged
from services.follows.service import Follows


class AcceptedController(Controller):
    """For services that heed who follows whom, and begin to listen late."""

    @get("/accepted", summary="Who follows whom, as events tell of it")
    async def accepted(
        self,
        follows: NamedDependency[Follows],
        follower: Annotated[UUID | None, QueryParameter(description="Of the last pair seen.")] = None,
        followee: Annotated[UUID | None, QueryParameter(description="Of the last pair seen.")] = None,
    ) -> list[FollowChanged]:
        """Return a page in the order of the pairs; the last one is shorter than the others, or empty."""
        after = None if follower is None or followee is None else (follower, followee)
        return await follows.reading.accepted(after)
