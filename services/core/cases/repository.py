"""Statements about reports and cases, whatever they are about."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select

from services.core.cases.tables import AppealTable, CaseTable, ReportTable
from services.core.data.pagination import Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY, new_id

CaseT = TypeVar("CaseT", bound=CaseTable)
AppealT = TypeVar("AppealT", bound=AppealTable)
ReportT = TypeVar("ReportT", bound=ReportTable)


class CaseRepository(Repository[CaseT]):
    """What moderators have to decide."""

    undecided: ClassVar[Mapping[str, None]] = MappingProxyType(
        {"decided_at": None, "decided_by": None, "outcome": None}
    )
    """What a case is given that is to be decided again."""

    async def about(self, case: UUID) -> UUID | None:
        """Return what a case is about; its row isn't read, since it may change until it is locked."""
        found = select(self.model_type.about).where(self.model_type.id == case)
        return (await self.session.execute(found)).scalar_one_or_none()

    async def lock(self, case: UUID) -> CaseT | None:
        """Return a case that nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(self.model_type.id == case, with_for_update=True)

    async def hold(self, about: UUID, **values: Any) -> tuple[CaseT, bool]:
        """Return the case of something, locked, and whether it was made now, of these values."""
        new = {"id": new_id(), "about": about, "opened_at": await self.clock(), **values}
        while True:
            if (made := await self.add_or_ignore(new)) is not None:
                return made, True
            found = await self.get_one_or_none(self.model_type.about == about, with_for_update=True)
            if found is not None:  # or it went meanwhile
                return found, False

    async def put(self, case: CaseT, *, again: bool, reports: int = 0, **values: Any) -> None:
        """Count reports of a case that is held; `again`: have it decided again, if it was decided."""
        counted = {"reports": self.model_type.reports + reports}
        anew = {"opened_at": await self.clock(), **self.undecided} if again and case.decided_at is not None else {}
        await self.change(case.id, **counted, **{**anew, **values})

    async def close(self, case: CaseT, outcome: str, moderator: UUID, **values: Any) -> None:
        """Keep what was decided."""
        decided = {"outcome": outcome, "decided_at": await self.clock(), "decided_by": moderator}
        await self.change(case.id, **decided, **values)

    async def change(self, case: UUID, **values: Any) -> None:
        """Change a case; values may be expressions."""
        await self.update_where(self.model_type.id == case, values=values)

    async def waiting(self, page: PageFilter) -> Page[CaseT]:
        """Return a page of the cases that wait."""
        return await self.page(page, self.model_type.decided_at.is_(None))


class AppealRepository(CaseRepository[AppealT]):
    """What moderators have to decide about something that they can hide."""

    undecided: ClassVar[Mapping[str, None]] = MappingProxyType({**CaseRepository.undecided, "matched": None})

    async def settle(self, about: UUID, outcome: str, moderator: UUID) -> None:
        """Keep that a moderator has decided about something beside its case, if it has one."""
        case = await self.get_one_or_none(self.model_type.about == about, with_for_update=True)
        if case is not None:
            await self.close(case, outcome, moderator, appeal=None)

    async def forget_appeal(self, about: UUID) -> None:
        """Let the author of what is shown again appeal when it is hidden once more."""
        await self.update_where(self.model_type.about == about, values={"appeal": None})


class ReportRepository(Repository[ReportT]):
    """Reports."""

    async def keep(self, about: UUID, reporter: UUID, *, reason: str, note: str) -> bool:
        """Keep a report, in place of an earlier one of its reporter; say whether it is their first of this."""
        said = {"reason": reason, "note": note}
        if await self.add_or_ignore({"about": about, "reporter": reporter, **said}) is not None:
            return True
        await self.update_where(self.model_type.about == about, self.model_type.reporter == reporter, values=said)
        return False

    async def reasons(self, about: Collection[UUID]) -> dict[UUID, dict[str, int]]:
        """Return how often each reason was given, by what it was given for, with one statement."""
        table = self.model_type
        counted = select(table.about, table.reason, func.count()).where(table.about.in_(about))
        found: dict[UUID, dict[str, int]] = {}
        for what, reason, number in await self.session.execute(counted.group_by(table.about, table.reason)):
            found.setdefault(what, {})[reason] = number
        return found

    async def of(self, page: PageFilter, about: UUID) -> Page[ReportT]:
        """Return a page of the reports of something."""
        return await self.page(page, self.model_type.about == about)


async def leave(cases: CaseRepository[Any], reports: ReportRepository[Any], account: UUID) -> Sequence[UUID]:
    """Drop an account's reports, with their numbers, and have what it has decided be decided by nobody in particular.

    Returns:
        What the reports were about.
    """
    gone = delete(reports.model_type).where(reports.model_type.reporter == account)
    about = (await reports.session.scalars(gone.returning(reports.model_type.about))).all()
    table = cases.model_type
    await cases.update_where(table.about.in_(about), values={"reports": table.reports - 1})
    await cases.update_where(table.decided_by == account, values={"decided_by": NOBODY})
    return about
