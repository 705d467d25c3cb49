"""Filters of words, reports of Waves, and what moderators decide about them."""

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from services.core.cases import filters
from services.core.cases import repository as cases
from services.core.cases.repository import AppealRepository
from services.core.data.audit import AuditLog
from services.core.data.compiled import Compiled
from services.expressions.events import FilterChanged
from services.expressions.models import Case, Filter, FilterRound, ModerationEntry, Report

FILTERS_LEFT = Compiled(select(exists().where(Filter.left)))
"""Whether there may be Waves that weren't held against a filter."""


class RoundRepository(filters.RoundRepository[FilterRound]):
    """Where Waves from before are held against new filters."""

    model_type = FilterRound


class FilterRepository(filters.FilterRepository[Filter]):
    """Words whose Waves wait for a moderator."""

    model_type = Filter
    lock_name = "expressions.filter"

    async def keep(self, told: FilterChanged) -> None:
        """Keep what an event tells; what is removed stays so. Whoever publishes a Wave waits while words are added."""
        values = {"words": told.words, "key": told.key, "removed": told.removed, "left": not told.removed}
        new = insert(Filter).values(id=told.filter, created_at=func.clock_timestamp(), **values)
        if told.removed:
            kept = new.on_conflict_do_update(index_elements=["id"], set_=values)
        else:
            await self.exclude()
            kept = new.on_conflict_do_nothing(index_elements=["id"])
        await self.session.execute(kept)

    def _stands(self) -> ColumnElement[bool]:
        return ~Filter.removed


class CaseRepository(AppealRepository[Case]):
    """What moderators have to decide about Waves."""

    model_type = Case


class ReportRepository(cases.ReportRepository[Report]):
    """Reports of Waves."""

    model_type = Report


class ModerationLog(AuditLog[ModerationEntry]):
    """What moderators did with Waves."""

    model_type = ModerationEntry
