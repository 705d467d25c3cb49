"""Every SQL statement of Profiles."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.profiles.models import Profile


async def by_account(session: AsyncSession, account: UUID) -> Profile | None:
    """Return an account's profile."""
    return await session.get(Profile, account)


async def by_handle(session: AsyncSession, key: str) -> Profile | None:
    """Return the profile with this handle, given as it is compared."""
    return (await session.execute(select(Profile).where(Profile.handle_key == key))).scalar_one_or_none()


async def add(session: AsyncSession, account: UUID, handle: str, key: str) -> Profile | None:
    """Create a profile; None if the account has one or the handle is taken."""
    statement = (
        insert(Profile)
        .values(account_id=account, handle=handle, handle_key=key)
        .on_conflict_do_nothing()
        .returning(Profile)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def change(session: AsyncSession, account: UUID, values: dict[str, Any]) -> Profile | None:
    """Change a profile; None if there is none."""
    statement = (
        update(Profile)
        .where(Profile.account_id == account)
        .values(**values, version=Profile.version + 1, updated_at=func.now())
        .returning(Profile)
    )
    return (await session.execute(statement)).scalar_one_or_none()
