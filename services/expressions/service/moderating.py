"""Reports of Waves, appeals, and what moderators decide about them: one queue, the oldest first."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import Page
from services.core.identity.subject import Role, Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import conflict, not_found, refused
from services.core.refusals import Refusals
from services.core.text import clean_text
from services.expressions import repository as lists
from services.expressions import schemas
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
from services.expressions.schemas import WaveCase, WaveDecision, WaveLogEntry, WaveReport, WaveReportView
from services.expressions.service.keeping import hide, open_case, show
from services.expressions.service.reading import Reading, moderates
from services.expressions.service.steps import tell
from services.expressions.settings import ExpressionsSettings


class Moderating:
    """Reports of Waves, appeals of their authors, and moderators' decisions, which are logged."""

    def __init__(self, kit: Kit[ExpressionsSettings], people: People, reading: Reading) -> None:
        self._db = kit.db
        self._people = people
        self._reading = reading

    async def on_filter_changed(self, session: AsyncSession, event: FilterChanged) -> None:
        """Keep which words are filtered. Waves from before stay as they are, as comments do."""
        await FilterRepository(session).keep(event)

    async def report(self, subject: Subject, wave_id: UUID, new: WaveReport) -> None:
        """Tell moderators of a Wave; again, it says the last reason. Its author isn't told.

        What moderators have left as it is isn't put before them again, unless it was edited since.

        Raises:
            Problem: 403 for guests, 404 for what the subject doesn't see and for Ripples without words, 422 for one's
                own or a bad note.
        """
        subject.require_user()
        note = _checked("note", new.note, schemas.MAX_REASON, required=False)
        async with self._db.transaction() as session:
            wave = await WaveRepository(session).hold_to_report(subject.id, wave_id, moderates=moderates(subject))
            if wave is None:
                raise not_found("Wave")
            if wave.author == subject.id:
                raise refused("own-wave", "You can't report a Wave of your own. Delete it.")
            report = {"wave": wave_id, "reporter": subject.id, "reason": new.reason, "note": note}
            if not await ReportRepository(session).keep(report):
                return
            cases = CaseRepository(session)
            case = await cases.lock_of(wave_id)
            again = _edited_since(case, wave)
            await open_case(session, case, wave_id, await cases.clock(), again=again, reports=1)

    async def appeal(self, subject: Subject, wave_id: UUID, text: str) -> None:
        """Ask moderators to show a hidden Wave of one's own again; once for each time that it is hidden.

        Raises:
            Problem: 403 for guests, 404 for what isn't there or is somebody else's, 409 for what isn't hidden or was
                decided already, 422.
        """
        subject.require_user()
        text = _checked("text", text, schemas.MAX_APPEAL)
        async with self._db.transaction() as session:
            wave = await WaveRepository(session).own(subject.id, wave_id)
            if wave is None:
                raise not_found("Wave")
            if wave.hidden_as is None:
                raise conflict("not-hidden", "This Wave isn't hidden.")
            cases = CaseRepository(session)
            case = await cases.lock_of(wave_id)
            if case is not None and case.appeal is not None:
                raise conflict("appealed", "You have appealed already. A moderator decides, or has decided.")
            case_id = await open_case(session, case, wave_id, await cases.clock(), again=True)
            await cases.change(case_id, appeal=text)

    async def cases(self, subject: Subject, cursor: str | None, limit: int) -> Page[WaveCase]:
        """Return a page of what waits to be decided, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        _require(subject)
        async with self._db.reading() as session:
            page = await CaseRepository(session).waiting(lists.WAITING.page(cursor, limit))
            about = [case.wave for case in page.items]
            reasons = await ReportRepository(session).reasons(about)
        views = {view.id: view for view in await self._views(subject, about)}
        items = [
            WaveCase(
                id=case.id,
                wave=views[case.wave],
                reports=case.reports,
                reasons=reasons.get(case.wave, {}),
                appeal=case.appeal,
                matched=case.matched,
                opened_at=case.opened_at,
            )
            for case in page.items
            if case.wave in views  # deleted at this moment
        ]
        return Page(items, page.next)

    async def reports(self, subject: Subject, case_id: UUID, cursor: str | None, limit: int) -> Page[WaveReportView]:
        """Return a page of the reports of a case, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators, 404.
        """
        _require(subject)
        async with self._db.reading() as session:
            wave = await CaseRepository(session).wave_of(case_id)
            if wave is None:
                raise not_found("case")
            page = await ReportRepository(session).of(lists.REPORTS.page(cursor, limit), wave)
        people = await self._people.of(report.reporter for report in page.items)
        items = [
            WaveReportView(reporter=people[row.reporter], reason=row.reason, note=row.note, at=row.at)  # type: ignore[arg-type]  # the column has no other reasons
            for row in page.items
        ]
        return Page(items, page.next)

    async def decide(self, subject: Subject, case_id: UUID, decision: WaveDecision) -> None:
        """Close a case; the same decision again does nothing.

        Raises:
            Problem: 403 for all but moderators, 404, 409 where another decision was made, 422.
        """
        _require(subject)
        reason = _checked("reason", decision.reason, schemas.MAX_REASON)
        async with self._db.transaction() as session:
            cases = CaseRepository(session)
            wave = await _held(session, await cases.wave_of(case_id))
            case = None if wave is None else await cases.lock_of(wave.id)
            if wave is None or case is None:
                raise not_found("case")
            if case.decided_at is not None:
                if case.outcome != decision.outcome:
                    raise conflict("case-decided", "Another moderator has decided this case.")
                return
            values: dict[str, Any] = {"appeal": None} if decision.outcome == "restored" else {}
            now = await cases.clock()
            await cases.change(case.id, outcome=decision.outcome, decided_at=now, decided_by=subject.id, **values)
            await _carry_out(session, wave, decision.outcome)
            await ModerationLog(session).record(
                f"case.{decision.outcome}", subject.id, {"reason": reason}, wave=wave.id
            )

    async def log(self, subject: Subject, cursor: str | None, limit: int) -> Page[WaveLogEntry]:
        """Return a page of what moderators did with Waves, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        _require(subject)
        async with self._db.reading() as session:
            page = await ModerationLog(session).page(lists.MODERATION_LOG.page(cursor, limit))
        return await self._people.log(page, WaveLogEntry)

    async def _views(self, subject: Subject, waves: Sequence[UUID]) -> list[schemas.WaveView]:
        return (await self._reading.some(subject, waves)).items if waves else []


async def _held(session: AsyncSession, wave_id: UUID | None) -> Wave | None:
    """Return a Wave that is held, and its author's account with it, so that nobody limits them meanwhile."""
    if wave_id is None:
        return None
    waves = WaveRepository(session)
    author = await waves.author_of(wave_id)
    if author is None:
        return None
    await AccountRepository(session).charge(author)
    return await waves.any(wave_id)


async def _carry_out(session: AsyncSession, wave: Wave, outcome: str) -> None:
    waves = WaveRepository(session)
    if outcome == "hidden" and wave.hidden_as is None:
        await hide(session, wave, "moderator")
        await tell(session, await waves.change(wave.id, version=Wave.version + 1))
    elif outcome == "hidden":
        await waves.change(wave.id, hidden_as="moderator")
    elif outcome == "restored" and wave.hidden_as is not None:
        await tell(session, await show(session, wave))


def _require(subject: Subject) -> None:
    subject.require_role(Role.MODERATOR, Role.ADMIN)


def _edited_since(case: Case | None, wave: Wave) -> bool:
    """Say whether a Wave isn't any more what moderators have decided about."""
    if case is None or case.decided_at is None or wave.edited_at is None:
        return False
    return wave.edited_at > case.decided_at


def _checked(field: str, text: str, longest: int, *, required: bool = True) -> str:
    found = Refusals("report-refused")
    cleaned = found.text(field, clean_text, text, longest, required=required)
    found.check()
    return cleaned
