"""Reading the audit log."""

from uuid import UUID

from services.core.data.pagination import Page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import LogEntry, People
from services.core.problems import not_found
from services.votebooth.audit.repository import LOG, AuditRepository
from services.votebooth.models import AuditEntry
from services.votebooth.poll.projection import Projection
from services.votebooth.settings import VoteBoothSettings


class Log:
    """The audit log of polls."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, people: People) -> None:
        self._kit = kit
        self._projection = projection
        self._people = people

    async def read(self, poll_id: UUID, subject: Subject, cursor: str | None, limit: int) -> Page[LogEntry]:
        """Return a page of the acts on a poll, the latest first.

        Raises:
            Problem: 400 if the cursor isn't one of ours, 404 if there is no such poll or it is another's.
        """
        wanted = LOG.page(cursor, limit)
        rules = await self._projection.fresh(poll_id)
        if rules.deleted or rules.definition.owner != subject.id:
            raise not_found("poll")
        async with self._kit.db.reading() as session:
            page = await AuditRepository(session).page(wanted, AuditEntry.poll_id == poll_id)
        return await self._people.log(page, LogEntry)
