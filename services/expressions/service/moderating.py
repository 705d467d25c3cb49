"""Reports of Waves, appeals, and what moderators decide about them: one queue, the oldest first."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.cases.schemas import DecisionNew
from services.core.cases.service import AppealCases, Kind, Matter
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import not_found
from services.expressions.events import FilterChanged
from services.expressions.models import Case, Wave
from services.expressions.repository import (
    AccountRepository,
    CaseRepository,
    FilterRepository,
    ModerationLog,
    ReportRepository,
    WaveRepository,
)
from services.expressions.schemas import WaveCase, WaveLogEntry, WaveReportView
from services.expressions.service.keeping import hide, show
from services.expressions.service.reading import Reading, moderates
from services.expressions.service.steps import tell, tell_author
from services.expressions.settings import ExpressionsSettings

_KIND = Kind("Wave", "wave-", CaseRepository, ReportRepository, WaveCase, WaveReportView, ModerationLog, WaveLogEntry)


class Moderating(AppealCases[Case, Wave, WaveCase]):
    """Reports of Waves, appeals of their authors, and moderators' decisions, which are logged."""

    def __init__(self, kit: Kit[ExpressionsSettings], people: People, reading: Reading) -> None:
        super().__init__(kit, people, _KIND)
        self._reading = reading

    async def on_filter_changed(self, session: AsyncSession, event: FilterChanged) -> None:
        """Keep which words are filtered. Waves from before are held against them afterwards, as comments are."""
        await FilterRepository(session).keep(event)

    async def reported(self, session: AsyncSession, subject: Subject, about: UUID) -> Matter:
        """Return a Wave that somebody sees, held. Ripples without words say nothing."""
        wave = await WaveRepository(session).hold_to_report(subject.id, about, moderates=moderates(subject))
        if wave is None:
            raise not_found("Wave")
        self.refuse_own(subject, wave.author)
        return Matter(about, wave.edited_at)

    async def hidden(self, session: AsyncSession, subject: Subject, about: UUID) -> bool:
        """Say whether a Wave is hidden."""
        wave = await WaveRepository(session).own(subject.id, about)
        if wave is None:
            raise not_found("Wave")
        return wave.hidden_as is not None

    async def shown(self, subject: Subject, cases: Sequence[Case]) -> Mapping[UUID, Mapping[str, Any]]:
        """Return the Waves, as moderators see them."""
        waves = (await self._reading.some(subject, [case.about for case in cases])).items if cases else []
        return {view.id: {"wave": view} for view in waves}

    async def held(self, session: AsyncSession, subject: Subject, about: UUID) -> Wave:
        """Hold a Wave, and its author's account with it, so that nobody limits them meanwhile."""
        waves = WaveRepository(session)
        author = await waves.author_of(about)
        if author is not None:
            await AccountRepository(session).charge(author)
        wave = await waves.any(about)
        if wave is None:
            raise not_found("case")
        return wave

    async def carry_out(
        self, session: AsyncSession, subject: Subject, held: Wave, case: Case, decision: DecisionNew
    ) -> None:
        """Hide a Wave, or show it again, and tell of it."""
        waves = WaveRepository(session)
        if decision.outcome == "hidden" and held.hidden_as is None:
            await hide(session, held, "moderator")
            changed = await waves.change(held.id, version=Wave.version + 1)
            await tell(session, changed)
            await tell_author(session, changed)
        elif decision.outcome == "hidden":
            await waves.change(held.id, hidden_as="moderator")
        elif decision.outcome == "restored" and held.hidden_as is not None:
            shown = await show(session, held)
            await tell(session, shown)
            await tell_author(session, shown)
