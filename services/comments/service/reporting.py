"""Reports of comments and appeals, and what moderators decide about them: one queue, the oldest first."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Case, Comment, Thread
from services.comments.repository import CaseRepository, CommentRepository, ModerationLog, ReportRepository
from services.comments.schemas import CaseView, ModerationLogEntry, ReportView
from services.comments.service.reading import Reading
from services.comments.service.steps import locked, record, set_state
from services.comments.service.threads import may_read, refuse_apart, state_for
from services.comments.settings import CommentsSettings
from services.core.cases.schemas import DecisionNew
from services.core.cases.service import AppealCases, Kind, Matter
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import not_found

_KIND = Kind("comment", "", CaseRepository, ReportRepository, CaseView, ReportView, ModerationLog, ModerationLogEntry)


class Reporting(AppealCases[Case, tuple[Thread, Comment], CaseView]):
    """Reports of comments, appeals of their authors, and moderators' decisions."""

    def __init__(self, kit: Kit[CommentsSettings], people: People, reading: Reading) -> None:
        super().__init__(kit, people, _KIND)
        self._reading = reading

    async def reported(self, session: AsyncSession, subject: Subject, about: UUID) -> Matter:
        """Return a comment that somebody reads, held with its thread."""
        thread, comment = await locked(session, subject, about)
        if not may_read(thread, comment, subject):
            raise not_found("comment")
        self.refuse_own(subject, comment.author)
        await refuse_apart(session, subject, comment.author)
        return Matter(about, comment.edited_at)

    async def hidden(self, session: AsyncSession, subject: Subject, about: UUID) -> bool:
        """Say whether a comment is hidden; that it is because of a limit, its author doesn't learn."""
        _, comment = await locked(session, subject, about)
        if comment.author != subject.id:
            raise not_found("comment")
        return state_for(comment, subject) == "hidden"

    async def shown(self, subject: Subject, cases: Sequence[Case]) -> Mapping[UUID, Mapping[str, Any]]:
        """Return the comments, as moderators see them."""
        async with self._db.reading() as session:
            comments = await CommentRepository(session).of([case.about for case in cases])
        return {view.id: {"comment": view} for view in await self._reading.views(subject, comments)}

    async def held(self, session: AsyncSession, subject: Subject, about: UUID) -> tuple[Thread, Comment]:
        """Hold a comment and its thread."""
        return await locked(session, subject, about)

    def where(self, held: tuple[Thread, Comment]) -> Mapping[str, str]:
        """Return its thread."""
        return {"thread": str(held[0].id)}

    async def carry_out(
        self,
        session: AsyncSession,
        subject: Subject,
        held: tuple[Thread, Comment],
        case: Case,
        decision: DecisionNew,
    ) -> None:
        """Hide a comment, or show it again; what is done is in its thread's log as well."""
        thread, comment = held
        if decision.outcome == "hidden" and comment.state == "shown":
            await set_state(session, thread, comment, "hidden", hidden_as="moderator")
        elif decision.outcome == "hidden" and comment.hidden_as == "filter":
            await CommentRepository(session).change(comment.id, hidden_as="moderator")
        elif decision.outcome == "restored" and comment.state == "hidden":
            await set_state(session, thread, comment, "shown", hidden_as=None)
        await record(session, f"case.{decision.outcome}", subject, thread, comment, reason=decision.reason)
