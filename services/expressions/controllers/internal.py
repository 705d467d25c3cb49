"""What other services ask."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from services.expressions.events import WaveChanged
from services.expressions.service import Expressions


class ToldController(Controller):
    """For services that begin to keep more of Waves when there are many already."""

    @get("/waves", summary="All Waves, as events tell of them")
    async def waves(
        self,
        expressions: NamedDependency[Expressions],
        after: Annotated[UUID | None, QueryParameter(description="The last Wave seen.")] = None,
    ) -> list[WaveChanged]:
        """Return a page in the order of the Waves' ids; after the last one, it is empty."""
        return await expressions.telling.waves(after)
