"""The SQL statements about signing keys. One instance at a time changes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.models import SigningKey

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('auth.signing_key'))")


async def lock(tx: AsyncSession) -> datetime:
    """Wait for the other instances' changes to signing keys; return the database's time."""
    await tx.execute(_LOCK)
    now: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
    return now


async def all_keys(tx: AsyncSession) -> Sequence[SigningKey]:
    """Return the signing keys in the order of their use."""
    return (await tx.execute(select(SigningKey).order_by(SigningKey.active_from))).scalars().all()


async def add(tx: AsyncSession, kid: str, public_jwk: dict[str, Any], sealed: bytes, active_from: datetime) -> None:
    """Add a key that is used from `active_from` on."""
    values = {"kid": kid, "public_jwk": public_jwk, "sealed": sealed, "active_from": active_from}
    await tx.execute(insert(SigningKey).values(values))


async def remove(tx: AsyncSession, kids: list[str]) -> None:
    """Delete keys whose tokens have all expired."""
    await tx.execute(delete(SigningKey).where(SigningKey.kid.in_(kids)))


async def bring_forward(tx: AsyncSession, active_from: datetime) -> str | None:
    """Use the next key from `active_from` on; None if its time comes sooner anyway."""
    statement = (
        update(SigningKey)
        .where(SigningKey.active_from > active_from)
        .values(active_from=active_from)
        .returning(SigningKey.kid)
    )
    return (await tx.execute(statement)).scalar_one_or_none()
