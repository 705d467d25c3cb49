"""Statements about reports of messages, and what moderators have to decide about them."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.cases import repository as cases
from services.core.data.audit import AuditLog
from services.messaging.models import Case, ModerationEntry, Report


class CaseRepository(cases.CaseRepository[Case]):
    """What moderators have to decide about messages."""

    model_type = Case


class ReportRepository(cases.ReportRepository[Report]):
    """Reports of messages."""

    model_type = Report


class ModerationLog(AuditLog[ModerationEntry]):
    """What moderators decided about messages."""

    model_type = ModerationEntry


async def erase_cases(session: AsyncSession, account: UUID) -> None:
    """Drop what is kept of an account's messages, its reports, and cases that nobody else has reported."""
    about = await cases.leave(CaseRepository(session), ReportRepository(session), account)
    await session.execute(delete(Case).where(Case.about.in_(about), Case.reports <= 0))
    dropped = delete(Case).where(Case.sender == account).returning(Case.about)
    messages = (await session.scalars(dropped)).all()
    await session.execute(delete(Report).where(Report.about.in_(messages)))
