"""Use cases of cases; a service's own are built on them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.cases.repository import AppealT, CaseRepository, CaseT, ReportRepository
from services.core.cases.schemas import MAX_APPEAL, MAX_REASON, CaseFacts, DecisionNew, ReportNew, ReportView
from services.core.data.audit import AuditLog
from services.core.data.pagination import Keyset, Page
from services.core.identity.subject import Role, Subject
from services.core.kit import Kit
from services.core.people import LogEntry, People
from services.core.problems import conflict, not_found, refused
from services.core.refusals import Refusals
from services.core.text import clean_text

HeldT = TypeVar("HeldT")
ViewT = TypeVar("ViewT", bound=CaseFacts)


@dataclass(frozen=True)
class Kind(Generic[CaseT, ViewT]):
    """What cases are about: in words, tables and structs.

    Attributes:
        noun: What one thing is called.
        lists: How the names of its lists begin.
        cases: The repository of its cases.
        reports: The repository of its reports.
        view: A case, as moderators see it.
        report_view: A report, as moderators see it.
        log: The repository of what moderators did; its table has a column called as the noun.
        entry: What was done, as moderators see it.
    """

    noun: str
    lists: str
    cases: type[CaseRepository[CaseT]]
    reports: type[ReportRepository[Any]]
    view: type[ViewT]
    report_view: type[ReportView]
    log: type[AuditLog[Any]]
    entry: type[LogEntry]


@dataclass(frozen=True)
class Matter:
    """What is put before moderators, as it is now.

    Attributes:
        edited_at: When it was last changed.
        said: What its case keeps of it, by column; where it keeps anything, that is what is decided about.
    """

    id: UUID
    edited_at: datetime | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    def differs(self, case: Any) -> bool:
        """Say whether it isn't any more what moderators have decided about."""
        if self.said:
            return any(getattr(case, name) != value for name, value in self.said.items())
        return self.edited_at is not None and self.edited_at > case.decided_at


class Cases(ABC, Generic[CaseT, HeldT, ViewT]):
    """Reports of one kind of thing, and moderators' decisions.

    Args:
        kit: The service's.
        people: Who accounts are.
        kind: What the cases are about.
    """

    def __init__(self, kit: Kit[Any], people: People, kind: Kind[CaseT, ViewT]) -> None:
        self._db = kit.db
        self._people = people
        self._kind = kind
        cases: Any = kind.cases
        reports: Any = kind.reports
        case, report = cases.model_type, reports.model_type
        log: Any = kind.log
        self._waiting = Keyset(f"{kind.lists}cases", case.opened_at, case.id, ascending=True)
        self._reports = Keyset(f"{kind.lists}reports", report.at, report.reporter, ascending=True)
        self._log = Keyset(f"{kind.lists}moderation-log", log.model_type.position)
        self._facts = [name for name in kind.view.__struct_fields__ if hasattr(case, name)]

    @abstractmethod
    async def reported(self, session: AsyncSession, subject: Subject, about: UUID) -> Matter:
        """Return what somebody reports, held, unless it is their own.

        Raises:
            Problem: 404 for what they can't read, or what else speaks against it.
        """

    @abstractmethod
    async def shown(self, subject: Subject, cases: Sequence[CaseT]) -> Mapping[UUID, Mapping[str, Any]]:
        """Return what moderators see beside the facts of cases, by what they are about; what is gone is left out."""

    @abstractmethod
    async def held(self, session: AsyncSession, subject: Subject, about: UUID) -> HeldT:
        """Return what is to be decided about, with all that has to be held before its case.

        Raises:
            Problem: 404 for what is gone.
        """

    @abstractmethod
    async def carry_out(
        self, session: AsyncSession, subject: Subject, held: HeldT, case: CaseT, decision: DecisionNew
    ) -> None:
        """Do what was decided; that it was is logged already."""

    async def report(self, subject: Subject, about: UUID, new: ReportNew) -> None:
        """Tell moderators of something; again, it says the last reason. Its author isn't told.

        What was decided is decided, unless it says something else by now.

        Raises:
            Problem: 403 for guests, 404 for what can't be read, 422 for one's own or a bad note.
        """
        subject.require_user()
        note = _checked("note", new.note, MAX_REASON, required=False)
        async with self._db.transaction() as session:
            matter = await self.reported(session, subject, about)
            first = await self._kind.reports(session).keep(matter.id, subject.id, reason=new.reason, note=note)
            cases = self._kind.cases(session)
            case, new_case = await cases.hold(matter.id, **matter.said)
            again = not new_case and case.decided_at is not None and matter.differs(case)
            await cases.put(case, again=again, reports=int(first), **(matter.said if again else {}))

    async def cases(self, subject: Subject, cursor: str | None, limit: int) -> Page[ViewT]:
        """Return a page of what waits to be decided, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            page = await self._kind.cases(session).waiting(self._waiting.page(cursor, limit))
            reasons = await self._kind.reports(session).reasons([case.about for case in page.items])
        shown = await self.shown(subject, page.items)
        items = [
            self._kind.view(
                reasons=reasons.get(case.about, {}),
                **{name: getattr(case, name) for name in self._facts} | dict(shown[case.about]),
            )
            for case in page.items
            if case.about in shown
        ]
        return Page(items, page.next)

    async def reports(self, subject: Subject, case: UUID, cursor: str | None, limit: int) -> Page[ReportView]:
        """Return a page of the reports of a case, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators, 404.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            about = await self._kind.cases(session).about(case)
            if about is None:
                raise not_found("case")
            page = await self._kind.reports(session).of(self._reports.page(cursor, limit), about)
        people = await self._people.of(row.reporter for row in page.items)
        view = self._kind.report_view
        items = [view(reporter=people[row.reporter], reason=row.reason, note=row.note, at=row.at) for row in page.items]
        return Page(items, page.next)

    async def decide(self, subject: Subject, case_id: UUID, decision: DecisionNew) -> None:
        """Close a case; the same decision again does nothing.

        Raises:
            Problem: 403 for all but moderators, 404, 409 where another decision was made, 422.
        """
        require_moderator(subject)
        decision = replace(decision, reason=_checked("reason", decision.reason, MAX_REASON))
        async with self._db.transaction() as session:
            cases = self._kind.cases(session)
            about = await cases.about(case_id)
            if about is None:
                raise not_found("case")
            held = await self.held(session, subject, about)
            case = await cases.lock(case_id)
            if case is None:
                raise not_found("case")
            if case.decided_at is not None:
                if case.outcome != decision.outcome:
                    raise conflict("case-decided", "Another moderator has decided this case.")
                return
            await cases.close(case, decision.outcome, subject.id, **self.forgotten(decision.outcome))
            await self._record(session, subject, held, about, decision)
            await self.carry_out(session, subject, held, case, decision)

    async def log(self, subject: Subject, cursor: str | None, limit: int) -> Page[Any]:
        """Return a page of what moderators did, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            page = await self._kind.log(session).page(self._log.page(cursor, limit))
        return await self._people.log(page, self._kind.entry)

    def where(self, held: HeldT) -> Mapping[str, str]:
        """Return what the log says of what was decided about, to find it."""
        return {}

    async def _record(
        self, session: AsyncSession, subject: Subject, held: HeldT, about: UUID, decision: DecisionNew
    ) -> None:
        details = {"reason": decision.reason, **self.where(held)}
        concerns = {self._kind.noun.lower(): about}
        await self._kind.log(session).record(f"case.{decision.outcome}", subject.id, details, **concerns)

    def forgotten(self, outcome: str) -> Mapping[str, None]:
        """Return what a case that ends so doesn't keep."""
        return {}

    def refuse_own(self, subject: Subject, author: UUID) -> None:
        """Refuse a report of what is somebody's own.

        Raises:
            Problem: 422.
        """
        if author == subject.id:
            noun = self._kind.noun
            raise refused(f"own-{noun.lower()}", f"You can't report a {noun} of your own. Delete it.")


class AppealCases(Cases[AppealT, HeldT, ViewT]):
    """Reports of what moderators can hide, its authors' appeals, and moderators' decisions."""

    @abstractmethod
    async def hidden(self, session: AsyncSession, subject: Subject, about: UUID) -> bool:
        """Say whether something of the subject's own is hidden, as far as they know, and hold it.

        Raises:
            Problem: 404 for what isn't there or is somebody else's.
        """

    async def appeal(self, subject: Subject, about: UUID, text: str) -> None:
        """Ask moderators to show something hidden of one's own again; once for each time that it is hidden.

        Raises:
            Problem: 403 for guests, 404 for what isn't there or is somebody else's, 409 for what isn't hidden or was
                decided already, 422.
        """
        subject.require_user()
        text = _checked("text", text, MAX_APPEAL)
        async with self._db.transaction() as session:
            if not await self.hidden(session, subject, about):
                raise conflict("not-hidden", f"This {self._kind.noun} isn't hidden.")
            cases = self._kind.cases(session)
            case, _ = await cases.hold(about)
            if case.appeal is not None:
                raise conflict("appealed", "You have appealed already. A moderator decides, or has decided.")
            await cases.put(case, again=True, appeal=text)

    def forgotten(self, outcome: str) -> Mapping[str, None]:
        """Forget the appeal of what is shown again: it may be hidden once more."""
        return {"appeal": None} if outcome == "restored" else {}


def require_moderator(subject: Subject) -> None:
    """Refuse all but moderators and administrators.

    Raises:
        Problem: 403.
    """
    subject.require_role(Role.MODERATOR, Role.ADMIN)


def _checked(name: str, text: str, longest: int, *, required: bool = True) -> str:
    found = Refusals("report-refused")
    cleaned = found.text(name, clean_text, text, longest, required=required)
    found.check()
    return cleaned
