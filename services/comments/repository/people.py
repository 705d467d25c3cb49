"""Who blocks and follows whom."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.comments.models import Block, Follow
from services.core.data.repository import Repository

_IDS = ARRAY(Uuid())


def apart_from(viewer: Any, accounts: Any) -> CompoundSelect[*tuple[Any, ...]]:
    """Select those of an array of accounts whom a viewer blocks, or who block the viewer."""
    mine = select(Block.other).where(Block.account == viewer, Block.other == any_(accounts), Block.blocked)
    theirs = select(Block.account).where(Block.account == any_(accounts), Block.other == viewer, Block.blocked)
    return mine.union(theirs)


class BlockRepository(Repository[Block]):
    """Who blocks whom."""

    model_type = Block

    async def apart(self, viewer: UUID, accounts: Collection[UUID]) -> set[UUID]:
        """Return those of some accounts whom a viewer blocks, or who block the viewer."""
        return set((await self.session.scalars(apart_from(viewer, bindparam("accounts", list(accounts), _IDS)))).all())


class FollowRepository(Repository[Follow]):
    """Who follows whom."""

    model_type = Follow

    async def followed(self, viewer: UUID, accounts: Collection[UUID]) -> set[UUID]:
        """Return those of some accounts whom a viewer follows."""
        among: ColumnElement[bool] = Follow.followee == any_(bindparam("accounts", list(accounts), _IDS))
        statement = select(Follow.followee).where(Follow.follower == viewer, among, Follow.accepted)
        return set((await self.session.scalars(statement)).all())
