"""Whom accounts block and mute."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.follows.models import Block, Mute
from services.follows.repository.apart import apart

MarkT = TypeVar("MarkT", Block, Mute)

BLOCKS = Keyset("blocks", Block.ordinal)
MUTES = Keyset("mutes", Mute.ordinal)


class MarkRepository(Repository[MarkT]):
    """What accounts have decided about others."""

    async def some_of(self, account: UUID, most: int) -> Sequence[tuple[UUID, UUID]]:
        """Return who has decided this about whom, some of those that concern an account."""
        mark = self.model_type
        concerned = or_(mark.account == account, mark.other == account)
        rows = await self.session.execute(select(mark.account, mark.other).where(concerned).limit(most))
        return [(row[0], row[1]) for row in rows]

    async def between(self, account: UUID, other: UUID) -> bool:
        """Say whether an account has decided this about another one."""
        return await self.get_one_or_none(account=account, other=other) is not None

    async def remove(self, account: UUID, other: UUID) -> bool:
        """Take it back; say whether it was there."""
        removed = await self.delete_where(self.model_type.account == account, self.model_type.other == other)
        return bool(removed)


class BlockRepository(MarkRepository[Block]):
    """Blocks."""

    model_type = Block


class MuteRepository(MarkRepository[Mute]):
    """Mutes."""

    model_type = Mute

    async def seen(self, page: PageFilter, account: UUID) -> Page[Mute]:
        """Return a page of whom an account mutes, as far as they and it aren't apart."""
        return await self.page(page, Mute.account == account, ~apart(account, Mute.other))
