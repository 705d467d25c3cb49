"""The audit log over HTTP."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.core.people import LogEntry
from services.votebooth.audit.service import Log
from services.votebooth.description import RESULTS


class LogController(Controller):
    """What was done to a poll's ballots' surroundings, by whom and when."""

    tags = ("Results",)

    @get(
        "/polls/{poll_id:uuid}/log",
        operation_id="LogRead",
        summary="See what was done",
        guards=[ANY_TOKEN],
        responses=problems(RESULTS, 400, 401, _404="There is no such poll, or it isn't yours."),
    )
    async def read(
        self,
        log: NamedDependency[Log],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[LogEntry]:
        """Return the administrative acts on a poll, the latest first, to its owner.

        Tokens issued, rolls uploaded, exports taken, recounts: numbers and names, never a ballot, token or
        address. Entries are added and never changed.
        """
        return await log.read(poll_id, subject, cursor, limit)
