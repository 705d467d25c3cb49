"""Filters of words, reports of Waves, and what moderators decide about them."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.core.cases import repository as cases
from services.core.cases.repository import AppealRepository
from services.core.data.audit import AuditLog
from services.core.data.pagination import Keyset
from services.core.data.repository import Repository
from services.expressions.events import FilterChanged
from services.expressions.models import Case, Filter, ModerationEntry, Report

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


class CaseRepository(AppealRepository[Case]):
    """What moderators have to decide about Waves."""

    model_type = Case


class ReportRepository(cases.ReportRepository[Report]):
    """Reports of Waves."""

    model_type = Report


class ModerationLog(AuditLog[ModerationEntry]):
    """What moderators did with Waves."""

    model_type = ModerationEntry
