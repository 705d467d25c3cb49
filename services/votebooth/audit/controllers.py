"""The audit log over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from services.core.data.pagination import DEFAULT_LIMIT, MAX_LIMIT, Page
from services.core.identity.subject import Subject
from services.votebooth.audit.service import Log
from services.votebooth.description import RESULTS, problems


class LogEntry(Struct, frozen=True):
    """An administrative act. `actor` is null where the system acted by itself."""

    position: int
    at: datetime
    actor: UUID | None
    act: Annotated[str, Meta(examples=["tokens.issued"])]
    details: dict[str, Any]


class LogController(Controller):
    """What was done to a poll's ballots' surroundings, by whom and when."""

    tags = ("Results",)

    @get(
        "/polls/{poll_id:uuid}/log",
        operation_id="LogRead",
        summary="See what was done",
        responses=problems(RESULTS, 400, 401, _404="There is no such poll, or it isn't yours."),
    )
    async def read(
        self,
        log: NamedDependency[Log],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before.")] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> Page[LogEntry]:
        """Return the administrative acts on a poll, the latest first, to its owner.

        Tokens issued, rolls uploaded, exports taken, recounts: numbers and names, never a ballot, token or
        address. Entries are added and never changed.
        """
        page = await log.read(poll_id, subject, cursor, limit)
        return Page(
            [LogEntry(each.position, each.at, each.actor, each.act, each.details) for each in page.items],
            page.next,
        )
