"""What moderators have to decide, and what was done."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.comments.models import AuditEntry, Case, Report
from services.core.data.audit import AuditLog
from services.core.data.pagination import Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY

_IDS = ARRAY(Uuid())


class CaseRepository(Repository[Case]):
    """What moderators have to decide."""

    model_type = Case

    async def lock_of(self, comment: UUID) -> Case | None:
        """Return a comment's case, which nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(comment=comment, with_for_update=True)

    async def lock(self, case: UUID) -> Case | None:
        """Return a case that nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(id=case, with_for_update=True)

    async def comment_of(self, case: UUID) -> UUID | None:
        """Return what a case is about; its row isn't read, since it may change until it is locked."""
        return (await self.session.execute(select(Case.comment).where(Case.id == case))).scalar_one_or_none()

    async def change(self, case: UUID, **values: Any) -> None:
        """Change a case; values may be expressions."""
        await self.update_where(Case.id == case, values=values)

    async def forget_appeal(self, comment: UUID) -> None:
        """Let the author of a comment that is shown again appeal when it is hidden once more."""
        await self.update_where(Case.comment == comment, values={"appeal": None})

    async def leave(self, moderator: UUID) -> None:
        """Have what a moderator has decided be decided by nobody in particular."""
        await self.session.execute(update(Case).where(Case.decided_by == moderator).values(decided_by=NOBODY))

    async def waiting(self, page: PageFilter) -> Page[Case]:
        """Return a page of the cases that wait."""
        return await self.page(page, Case.decided_at.is_(None))


class ReportRepository(Repository[Report]):
    """Reports of comments."""

    model_type = Report

    async def keep(self, report: Mapping[str, Any]) -> bool:
        """Keep a report, in place of an earlier one of its reporter; say whether it is their first of the comment."""
        if await self.add_or_ignore(report) is not None:
            return True
        mine = (Report.comment == report["comment"], Report.reporter == report["reporter"])
        await self.update_where(*mine, values={"reason": report["reason"], "note": report["note"]})
        return False

    async def withdraw(self, reporter: UUID) -> None:
        """Drop an account's reports, with their numbers."""
        gone = delete(Report).where(Report.reporter == reporter).returning(Report.comment)
        comments = (await self.session.scalars(gone)).all()
        counted = update(Case).where(Case.comment.in_(comments)).values(reports=Case.reports - 1)
        await self.session.execute(counted)

    async def reasons(self, comments: Collection[UUID]) -> dict[UUID, dict[str, int]]:
        """Return how often each reason was given, by comment, with one statement."""
        among: ColumnElement[bool] = Report.comment == any_(bindparam("comments", list(comments), _IDS))
        counted = select(Report.comment, Report.reason, func.count()).where(among)
        found: dict[UUID, dict[str, int]] = {}
        for comment, reason, number in await self.session.execute(counted.group_by(Report.comment, Report.reason)):
            found.setdefault(comment, {})[reason] = number
        return found

    async def of(self, page: PageFilter, comment: UUID) -> Page[Report]:
        """Return a page of the reports of a comment."""
        return await self.page(page, Report.comment == comment)


class AuditRepository(AuditLog[AuditEntry]):
    """What owners and moderators did."""

    model_type = AuditEntry

    async def of_thread(self, page: PageFilter, thread: UUID) -> Page[AuditEntry]:
        """Return a page of what was done to a thread."""
        return await self.page(page, AuditEntry.thread == thread)
