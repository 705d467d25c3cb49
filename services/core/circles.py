"""Circles: who follows, blocks or mutes whom, as a service keeps it of what another one tells.

A service that heeds them has, for each of the three that it needs, a table, the event that fills it, and a handler:

    class Follow(FollowColumns, Base):                                       # models.py
        __tablename__ = "follow"

    class FollowChanged(circles.FollowChanged, frozen=True, kw_only=True):   # events.py
        KIND: ClassVar[str] = "…"

    handlers=[follow_handler(FollowChanged, Follow)]                         # plugin.py

Of each pair the newest version holds. Rows stay when a follow has ended or a block was taken back, or a late event
would bring it back to life; so ask by `follows`, `apart` and `mutes`, or for `accepted`, `blocked`, `muted`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from services.core.events.handler import Handler
from services.core.events.outbox import Event


class FollowChanged(Event, frozen=True, kw_only=True):
    """Somebody follows somebody, asks to, or does neither any more; subclasses say whose event it is."""

    follower: UUID
    followee: UUID
    state: str
    version: int


class BlockChanged(Event, frozen=True, kw_only=True):
    """An account blocks another one, or doesn't any more. It holds in both directions."""

    account: UUID
    other: UUID
    blocked: bool
    version: int


class MuteChanged(Event, frozen=True, kw_only=True):
    """An account wants to see nothing of another one, or does again."""

    account: UUID
    other: UUID
    muted: bool
    version: int


class FollowColumns:
    """Who follows whom: a projection, by pair."""

    follower: Mapped[UUID] = mapped_column(primary_key=True)
    followee: Mapped[UUID] = mapped_column(primary_key=True)
    accepted: Mapped[bool]
    version: Mapped[int]


class BlockColumns:
    """Who blocks whom: a projection, by pair."""

    account: Mapped[UUID] = mapped_column(primary_key=True)
    other: Mapped[UUID] = mapped_column(primary_key=True)
    blocked: Mapped[bool]
    version: Mapped[int]


class MuteColumns:
    """Who mutes whom: a projection, by pair."""

    account: Mapped[UUID] = mapped_column(primary_key=True)
    other: Mapped[UUID] = mapped_column(primary_key=True)
    muted: Mapped[bool]
    version: Mapped[int]


def follows(table: Any, viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say in SQL whether a viewer follows an account, an id or a column, by a table with `FollowColumns`."""
    return exists().where(table.follower == viewer, table.followee == account, table.accepted)


def apart(table: Any, viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say in SQL whether a viewer blocks an account, or the other way round, by a table with `BlockColumns`."""
    return or_(
        exists().where(table.account == viewer, table.other == account, table.blocked),
        exists().where(table.account == account, table.other == viewer, table.blocked),
    )


def mutes(table: Any, viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say in SQL whether a viewer mutes an account, by a table with `MuteColumns`."""
    return exists().where(table.account == viewer, table.other == account, table.muted)


async def forget(session: AsyncSession, account: UUID, *tables: Any) -> None:
    """Delete what tables with pairs of accounts have of one, on either side."""
    for table in tables:
        one, other = (column for column in table.__table__.primary_key)
        await session.execute(delete(table).where(or_(one == account, other == account)))


async def _keep(session: AsyncSession, table: Any, pair: Mapping[str, UUID], **told: Any) -> None:
    new = insert(table).values(**pair, **told)
    changes = {name: new.excluded[name] for name in told}
    newer = table.version < new.excluded.version
    await session.execute(new.on_conflict_do_update(index_elements=list(pair), set_=changes, where=newer))


def follow_handler(event: type[FollowChanged], table: Any) -> Handler[Any, Any]:
    """Return what keeps who follows whom in a table with `FollowColumns`."""

    async def keep(_: Any, session: AsyncSession, told: FollowChanged) -> None:
        pair = {"follower": told.follower, "followee": told.followee}
        await _keep(session, table, pair, accepted=told.state == "accepted", version=told.version)

    return Handler(event, keep)


def block_handler(event: type[BlockChanged], table: Any) -> Handler[Any, Any]:
    """Return what keeps who blocks whom in a table with `BlockColumns`."""

    async def keep(_: Any, session: AsyncSession, told: BlockChanged) -> None:
        pair = {"account": told.account, "other": told.other}
        await _keep(session, table, pair, blocked=told.blocked, version=told.version)

    return Handler(event, keep)


def mute_handler(event: type[MuteChanged], table: Any) -> Handler[Any, Any]:
    """Return what keeps who mutes whom in a table with `MuteColumns`."""

    async def keep(_: Any, session: AsyncSession, told: MuteChanged) -> None:
        pair = {"account": told.account, "other": told.other}
        await _keep(session, table, pair, muted=told.muted, version=told.version)

    return Handler(event, keep)
