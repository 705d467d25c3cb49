"""What moderators have to decide, and what was done."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.comments.models import AuditEntry, Case, Filter, FilterRound, Limit, ModerationEntry, Report
from services.core.cases import filters
from services.core.cases import repository as cases
from services.core.cases.repository import AppealRepository
from services.core.data.audit import AuditLog
from services.core.data.compiled import Compiled
from services.core.data.pagination import Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import new_id

LIMITS_LEFT = Compiled(select(exists().where(Limit.left)))
"""Whether there may be comments that don't follow their author's limit."""
FILTERS_LEFT = Compiled(select(exists().where(Filter.left)))
"""Whether there may be comments that weren't held against a filter."""

_LIMITED = Compiled(select(Limit.limited).where(Limit.account == bindparam("account", type_=Uuid()), Limit.limited))
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


class CaseRepository(AppealRepository[Case]):
    """What moderators have to decide about comments."""

    model_type = Case


class ReportRepository(cases.ReportRepository[Report]):
    """Reports of comments."""

    model_type = Report


class AuditRepository(AuditLog[AuditEntry]):
    """What owners and moderators did."""

    model_type = AuditEntry

    async def of_thread(self, page: PageFilter, thread: UUID) -> Page[AuditEntry]:
        """Return a page of what was done to a thread."""
        return await self.page(page, AuditEntry.thread == thread)


class ModerationLog(AuditLog[ModerationEntry]):
    """What moderators did."""

    model_type = ModerationEntry


class RoundRepository(filters.RoundRepository[FilterRound]):
    """Where comments from before are held against new filters."""

    model_type = FilterRound


class FilterRepository(filters.FilterRepository[Filter]):
    """Words whose comments wait for a moderator."""

    model_type = Filter
    lock_name = "comments.filter"

    async def lock(self) -> int:
        """Return how many filters there are; nobody else adds any, nor comments, until the transaction ends."""
        await self.exclude()
        return int((await self.session.execute(select(func.count()).select_from(Filter))).scalar_one())

    async def of_key(self, key: str) -> Filter | None:
        """Return the filter that is compared by a key."""
        return await self.get_one_or_none(key=key)

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
        return bool(await _LIMITED.rows(self.session, {"account": account}))

    async def claim(self) -> Limit | None:
        """Return a limit that not all comments follow yet, held until the transaction ends; None if there is none."""
        statement = select(Limit).where(Limit.left).limit(1).with_for_update(skip_locked=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def finish(self, account: UUID) -> None:
        """Keep that all comments of an account follow its limit."""
        await self.update_where(Limit.account == account, values={"left": False})
