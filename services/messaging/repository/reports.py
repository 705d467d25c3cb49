"""Statements about reports of messages, and what moderators have to decide about them."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY
from services.messaging.models import Case, Report

WAITING = Keyset("message-cases", Case.opened_at, Case.id, ascending=True)
REPORTS = Keyset("message-reports", Report.at, Report.reporter, ascending=True)


class CaseRepository(Repository[Case]):
    """What moderators have to decide."""

    model_type = Case

    async def hold(self, values: Mapping[str, Any]) -> tuple[Case, bool]:
        """Return the case of a message, locked, and whether it was made now."""
        made = await self.add_or_ignore(values, key=["message"])
        if made is not None:
            return made, True
        return await self.get_one(message=values["message"], with_for_update=True), False

    async def lock(self, case: UUID) -> Case | None:
        """Return a case that nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(id=case, with_for_update=True)

    async def waiting(self, page: PageFilter) -> Page[Case]:
        """Return a page of the cases that wait."""
        return await self.page(page, Case.decided_at.is_(None))

    async def erase(self, account: UUID) -> None:
        """Drop what is kept of an account's messages, and have what it has decided be decided by nobody."""
        dropped = delete(Case).where(Case.sender == account).returning(Case.message)
        messages = (await self.session.scalars(dropped)).all()
        await self.session.execute(delete(Report).where(Report.message.in_(messages)))
        await self.session.execute(update(Case).where(Case.decided_by == account).values(decided_by=NOBODY))


class ReportRepository(Repository[Report]):
    """Reports of messages."""

    model_type = Report

    async def keep(self, report: Mapping[str, Any]) -> bool:
        """Keep a report, in place of an earlier one of its reporter; say whether it is their first of the message."""
        if await self.add_or_ignore(report) is not None:
            return True
        mine = (Report.message == report["message"], Report.reporter == report["reporter"])
        await self.update_where(*mine, values={"reason": report["reason"], "note": report["note"]})
        return False

    async def of(self, page: PageFilter, message: UUID) -> Page[Report]:
        """Return a page of the reports of a message."""
        return await self.page(page, Report.message == message)

    async def reasons(self, messages: Collection[UUID]) -> dict[UUID, dict[str, int]]:
        """Return how often each reason was given, by message."""
        counted = select(Report.message, Report.reason, func.count()).where(Report.message.in_(messages))
        found: dict[UUID, dict[str, int]] = {}
        for message, reason, number in await self.session.execute(counted.group_by(Report.message, Report.reason)):
            found.setdefault(message, {})[reason] = number
        return found

    async def withdraw(self, reporter: UUID) -> None:
        """Drop an account's reports, with their numbers; a case that nobody has reported any more goes."""
        gone = delete(Report).where(Report.reporter == reporter).returning(Report.message)
        messages = (await self.session.scalars(gone)).all()
        counted = update(Case).where(Case.message.in_(messages)).values(reports=Case.reports - 1)
        await self.session.execute(counted)
        await self.session.execute(delete(Case).where(Case.message.in_(messages), Case.reports <= 0))
