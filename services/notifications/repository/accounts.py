"""What accounts have chosen: preferences, and the polls that they watch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.notifications.models import Account, Preference, Thing, Watch
from services.notifications.moments import last_of
from services.notifications.repository import seen

WATCHED = Keyset("watched-polls", Watch.ordinal)


def _watched(poll: UUID, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Watch.poll == poll, Watch.ordinal <= last_of(at)


class PreferenceRepository(Repository[Preference]):
    """By which channels people are told of what."""

    model_type = Preference

    async def of(self, account: UUID) -> dict[tuple[str, str], bool]:
        """Return what an account has chosen, by kind and channel."""
        return {(row.kind, row.channel): row.wanted for row in await self.get_many(Preference.account == account)}

    async def put(self, account: UUID, kind: str, channels: Mapping[str, bool]) -> None:
        """Keep what an account chooses for a kind."""
        if not channels:
            return
        rows = [
            {"account": account, "kind": kind, "channel": channel, "wanted": wanted}
            for channel, wanted in sorted(channels.items())
        ]
        new = insert(Preference).values(rows)
        keys = ["account", "kind", "channel"]
        await self.session.execute(new.on_conflict_do_update(index_elements=keys, set_={"wanted": new.excluded.wanted}))


class WatchRepository(Repository[Watch]):
    """Which polls people watch."""

    model_type = Watch

    async def put(self, poll: UUID, account: UUID) -> int:
        """Let an account watch a poll; return how many it watches now. Its row is locked."""
        charged = await self._charge(account, 0)
        if await self.add_or_ignore({"poll": poll, "account": account}) is None:
            return charged
        return await self._charge(account, 1)

    async def take_back(self, poll: UUID, account: UUID) -> None:
        """Let an account watch a poll no longer."""
        await self._charge(account, 0)
        removed = delete(Watch).where(Watch.poll == poll, Watch.account == account).returning(Watch.poll)
        if (await self.session.execute(removed)).first() is not None:
            await self._charge(account, -1)

    async def watches(self, poll: UUID, account: UUID) -> bool:
        """Say whether an account watches a poll."""
        return await self.exists(Watch.poll == poll, Watch.account == account)

    async def of(self, page: PageFilter, account: UUID) -> Page[Row[*tuple[Any, ...]]]:
        """Return a page of `poll`, `title`, `ordinal` of what an account watches and may see, the latest first."""
        statement = select(Watch.poll, Watch.ordinal, Thing.text.label("title")).join(Thing, Thing.id == Watch.poll)
        statement = page.append_to_statement(statement.where(Watch.account == account, seen.poll(Thing)))
        return page.of((await self.session.execute(statement, {"viewer": account})).all())

    async def audience(self, poll: UUID, at: datetime, after: UUID, last: UUID, most: int) -> Sequence[UUID]:
        """Return those who watched a poll at a moment, in the order of their ids, from one to another."""
        among = (*_watched(poll, at), Watch.account > after, Watch.account <= last)
        statement = select(Watch.account).where(*among).order_by(Watch.account).limit(most)
        return (await self.session.scalars(statement)).all()

    async def boundaries(self, poll: UUID, at: datetime, each: int) -> tuple[Sequence[UUID], int]:
        """Return each `each`th of those who watched a poll at a moment, by their ids, the last, and their number."""
        number = func.row_number().over(order_by=Watch.account).label("number")
        total = func.count().over().label("total")
        every = select(Watch.account, number, total).where(*_watched(poll, at)).subquery()
        ends = (every.c.number % each == 0) | (every.c.number == every.c.total)
        found = select(every.c.account, every.c.total).where(ends).order_by(every.c.account)
        rows = (await self.session.execute(found)).all()
        return [row.account for row in rows], rows[0].total if rows else 0

    async def _charge(self, account: UUID, watches: int) -> int:
        new = insert(Account).values(id=account, watches=max(0, watches))
        changes = {"watches": Account.watches + watches}
        statement = new.on_conflict_do_update(index_elements=["id"], set_=changes).returning(Account.watches)
        return int((await self.session.execute(statement)).scalar_one())
