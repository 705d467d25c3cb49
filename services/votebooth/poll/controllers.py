"""VoteBooth for other services."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from services.votebooth.poll.projection import Projection


class Known(Struct, frozen=True):
    """The version of a poll that ballots are held against."""

    version: int


class VersionController(Controller):
    """For Polls, which wants to say that a close holds."""

    path = "/polls/{poll_id:uuid}/version"

    @get(summary="The version of a poll that ballots are held against")
    async def version(
        self,
        projection: NamedDependency[Projection],
        poll_id: FromPath[UUID],
        least: Annotated[int, QueryParameter(ge=1, description="Ask Polls first if what is here is older.")],
    ) -> Known:
        """Return it once it is committed: from then on every instance decides by it."""
        return Known(await projection.catch_up(poll_id, least))
