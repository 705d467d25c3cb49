"""Statements about people: who follows and blocks whom, and who is gone."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.models import Block, Follow, Person


async def followers(session: AsyncSession, followee: UUID, accounts: Collection[UUID]) -> set[UUID]:
    """Return those of some accounts that follow somebody."""
    statement = select(Follow.follower).where(
        Follow.followee == followee, Follow.follower.in_(accounts), Follow.accepted
    )
    return set((await session.scalars(statement)).all())


async def apart(session: AsyncSession, account: UUID, others: Collection[UUID]) -> set[UUID]:
    """Return those of some accounts whom somebody blocks, or who block them."""
    mine = select(Block.other).where(Block.account == account, Block.other.in_(others), Block.blocked)
    theirs = select(Block.account).where(Block.account.in_(others), Block.other == account, Block.blocked)
    return set((await session.scalars(mine.union(theirs))).all())


async def is_gone(session: AsyncSession, account: UUID) -> bool:
    """Say whether an account is deleted."""
    found = select(Person.id).where(Person.id == account, Person.deleted)
    return (await session.execute(found)).first() is not None
