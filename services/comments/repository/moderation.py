"""What moderators have to decide, and what was done."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.comments.models import AuditEntry, Case, Filter, Limit, ModerationEntry, Report
from services.core.data.audit import AuditLog
from services.core.data.pagination import Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY, new_id

_IDS = ARRAY(Uuid())
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


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


class ModerationLog(AuditLog[ModerationEntry]):
    """What moderators did beside threads."""

    model_type = ModerationEntry


class FilterRepository(Repository[Filter]):
    """Words whose comments wait for a moderator."""

    model_type = Filter

    async def lock(self) -> int:
        """Return how many filters there are; nobody else adds any until the transaction ends."""
        await self.session.execute(_ONE_AT_A_TIME, {"what": "comments.filter"})
        return int((await self.session.execute(select(func.count()).select_from(Filter))).scalar_one())

    async def of_key(self, key: str) -> Filter | None:
        """Return the filter that is compared by a key."""
        return await self.get_one_or_none(key=key)

    async def words(self) -> dict[str, str]:
        """Return the words of all filters, by key."""
        rows = await self.session.execute(select(Filter.key, Filter.words).order_by(Filter.id))
        return {row.key: row.words for row in rows}

    async def untold(self, most: int) -> Sequence[Filter]:
        """Return some filters of which others haven't been told, held until the transaction ends."""
        some = select(Filter).where(~Filter.told).order_by(Filter.id).limit(most).with_for_update(skip_locked=True)
        return (await self.session.scalars(some)).all()

    async def mark_told(self, filters: Sequence[UUID]) -> None:
        """Keep that others have been told of some filters."""
        await self.update_where(Filter.id.in_(filters), values={"told": True})

    async def remove(self, filter_id: UUID) -> str | None:
        """Remove a filter; return its words, or None where there is none."""
        gone = delete(Filter).where(Filter.id == filter_id).returning(Filter.words)
        return (await self.session.execute(gone)).scalar_one_or_none()


class LimitRepository(Repository[Limit]):
    """Accounts that are limited."""

    model_type = Limit

    async def hold(self, account: UUID) -> None:
        """Let nobody change whether an account is limited, nor add comments of it, until the transaction ends."""
        await self.session.execute(_ONE_AT_A_TIME, {"what": str(account)})

    async def put(self, account: UUID, *, limited: bool, reason: str) -> Limit | None:
        """Keep whether an account is limited; return it as it is now, or None where nothing changes."""
        values = {"limited": limited, "reason": reason, "left": True}
        new = insert(Limit).values(account=account, version=1, ordinal=new_id(), **values)
        changes = {**values, "version": Limit.version + 1, "ordinal": new.excluded.ordinal, "at": func.now()}
        changed = new.on_conflict_do_update(index_elements=["account"], set_=changes, where=Limit.limited != limited)
        return (await self.session.execute(changed.returning(Limit))).scalar_one_or_none()

    async def of(self, page: PageFilter) -> Page[Limit]:
        """Return a page of the accounts that are limited, the latest first."""
        return await self.page(page, Limit.limited.is_(True))

    async def is_limited(self, account: UUID) -> bool:
        """Say whether an account is limited."""
        return await self.exists(Limit.account == account, Limit.limited.is_(True))

    async def claim(self) -> Limit | None:
        """Return a limit that not all comments follow yet, held until the transaction ends; None if there is none."""
        statement = select(Limit).where(Limit.left).limit(1).with_for_update(skip_locked=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def finish(self, account: UUID) -> None:
        """Keep that all comments of an account follow its limit."""
        await self.update_where(Limit.account == account, values={"left": False})
