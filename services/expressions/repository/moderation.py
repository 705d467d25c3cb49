"""Filters of words, reports of Waves, and what moderators decide about them."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.data.audit import AuditLog
from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY
from services.expressions.events import FilterChanged
from services.expressions.models import Case, Filter, ModerationEntry, Report

WAITING = Keyset("wave-cases", Case.opened_at, Case.id, ascending=True)
REPORTS = Keyset("wave-reports", Report.at, Report.reporter, ascending=True)
MODERATION_LOG = Keyset("wave-moderation-log", ModerationEntry.position)


class FilterRepository(Repository[Filter]):
    """Words whose Waves wait for a moderator."""

    model_type = Filter

    async def keep(self, told: FilterChanged) -> None:
        """Keep what an event tells; what is removed stays so."""
        values = {"words": told.words, "key": told.key, "removed": told.removed}
        new = insert(Filter).values(id=told.filter, **values)
        if told.removed:
            kept = new.on_conflict_do_update(index_elements=["id"], set_=values)
        else:
            kept = new.on_conflict_do_nothing(index_elements=["id"])
        await self.session.execute(kept)

    async def words(self) -> dict[str, str]:
        """Return the words of all filters, by what they are compared by."""
        rows = await self.session.execute(select(Filter.key, Filter.words).where(~Filter.removed).order_by(Filter.id))
        return {row.key: row.words for row in rows}


class CaseRepository(Repository[Case]):
    """What moderators have to decide."""

    model_type = Case

    async def lock_of(self, wave: UUID) -> Case | None:
        """Return a Wave's case, which nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(wave=wave, with_for_update=True)

    async def wave_of(self, case: UUID) -> UUID | None:
        """Return what a case is about; its row isn't read, since it may change until it is locked."""
        return (await self.session.execute(select(Case.wave).where(Case.id == case))).scalar_one_or_none()

    async def change(self, case: UUID, **values: Any) -> None:
        """Change a case; values may be expressions."""
        await self.update_where(Case.id == case, values=values)

    async def waiting(self, page: PageFilter) -> Page[Case]:
        """Return a page of the cases that wait."""
        return await self.page(page, Case.decided_at.is_(None))

    async def leave(self, moderator: UUID) -> None:
        """Have what a moderator has decided be decided by nobody in particular."""
        await self.session.execute(update(Case).where(Case.decided_by == moderator).values(decided_by=NOBODY))


class ReportRepository(Repository[Report]):
    """Reports of Waves."""

    model_type = Report

    async def keep(self, report: Mapping[str, Any]) -> bool:
        """Keep a report, in place of an earlier one of its reporter; say whether it is their first of the Wave."""
        if await self.add_or_ignore(report) is not None:
            return True
        mine = (Report.wave == report["wave"], Report.reporter == report["reporter"])
        await self.update_where(*mine, values={"reason": report["reason"], "note": report["note"]})
        return False

    async def withdraw(self, reporter: UUID) -> None:
        """Drop an account's reports, with their numbers."""
        gone = delete(Report).where(Report.reporter == reporter).returning(Report.wave)
        waves = (await self.session.scalars(gone)).all()
        counted = update(Case).where(Case.wave.in_(waves)).values(reports=Case.reports - 1)
        await self.session.execute(counted)

    async def reasons(self, waves: Collection[UUID]) -> dict[UUID, dict[str, int]]:
        """Return how often each reason was given, by Wave, with one statement."""
        counted = select(Report.wave, Report.reason, func.count()).where(Report.wave.in_(waves))
        found: dict[UUID, dict[str, int]] = {}
        for wave, reason, number in await self.session.execute(counted.group_by(Report.wave, Report.reason)):
            found.setdefault(wave, {})[reason] = number
        return found

    async def of(self, page: PageFilter, wave: UUID) -> Page[Report]:
        """Return a page of the reports of a Wave."""
        return await self.page(page, Report.wave == wave)


class ModerationLog(AuditLog[ModerationEntry]):
    """What moderators did with Waves."""

    model_type = ModerationEntry
