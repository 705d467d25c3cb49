"""Circles: who follows, blocks or mutes whom, as a service keeps it of what another one tells.

A service that heeds them has, for each of the three that it needs, a table, the event that fills it, and a handler:

    class Follow(FollowColumns, Base):                                       # models.py
        __tablename__ = "follow"

    class FollowChanged(circles.FollowChanged, frozen=True, kw_only=True):   # events.py
        KIND: ClassVar[str] = "…"

    handlers=[follow_handler(FollowChanged, Follow)]                         # plugin.py

Of each pair the newest version holds. Rows stay when a follow has ended or a block was taken back, or a late event
would bring it back to life; so ask by `follows`, `apart` and `mutes`, or for `accepted`, `blocked`, `muted`.

A service that begins to listen when people have followed each other for long takes that over, once (`Earlier`): streams
and outboxes keep what is told for days.

    class EarlierFollows(EarlierColumns, Base):                              # models.py
        __tablename__ = "earlier_follows"

    self.earlier = Earlier(kit, FollowChanged, Follow, EarlierFollows)       # service.py
    jobs=[Job("earlier", TAKE_OVER_SECONDS, lambda service: service.earlier.take_over())], needs=[…]   # plugin.py

Until it is done, somebody who follows may look like somebody who doesn't, and never the other way round.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import GenericAlias
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Text, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.repository import is_there, keep_newest
from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing

E = TypeVar("E", bound=Event)

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 1_000
"""How many earlier follows are asked for in one question."""

TAKE_OVER_SECONDS = 10.0
"""Between two attempts to take over what was before."""


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


class EarlierColumns:
    """That all who followed somebody before this service listened are known: one row, once they are."""

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


def follows(table: Any, viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say in SQL whether a viewer follows an account, an id or a column, by a table with `FollowColumns`."""
    return exists().where(table.follower == viewer, table.followee == account, table.accepted)


def apart(table: Any, viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say in SQL whether a viewer blocks an account, or the other way round, by a table with `BlockColumns`."""
    return or_(
        is_there(table.account == viewer, table.other == account, table.blocked),
        is_there(table.account == account, table.other == viewer, table.blocked),
    )


def mutes(table: Any, viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say in SQL whether a viewer mutes an account, by a table with `MuteColumns`."""
    return is_there(table.account == viewer, table.other == account, table.muted)


async def forget(session: AsyncSession, account: UUID, *tables: Any) -> None:
    """Delete what tables with pairs of accounts have of one, on either side."""
    for table in tables:
        one, other = (column for column in table.__table__.primary_key)
        await session.execute(delete(table).where(or_(one == account, other == account)))


async def _keep(session: AsyncSession, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, each unless what is known of its pair is as new."""
    await keep_newest(session, table, rows, *(column.name for column in table.__table__.primary_key))


def _follow_row(told: FollowChanged) -> dict[str, Any]:
    accepted = told.state == "accepted"
    return {"follower": told.follower, "followee": told.followee, "accepted": accepted, "version": told.version}


def follow_handler(event: type[FollowChanged], table: Any) -> Handler[Any, Any]:
    """Return what keeps who follows whom in a table with `FollowColumns`."""
    return _handler(event, table, _follow_row)


def block_handler(event: type[BlockChanged], table: Any) -> Handler[Any, Any]:
    """Return what keeps who blocks whom in a table with `BlockColumns`."""
    return _handler(
        event,
        table,
        lambda told: {
            "account": told.account,
            "other": told.other,
            "blocked": told.blocked,
            "version": told.version,
        },
    )


def mute_handler(event: type[MuteChanged], table: Any) -> Handler[Any, Any]:
    """Return what keeps who mutes whom in a table with `MuteColumns`."""
    return _handler(
        event,
        table,
        lambda told: {"account": told.account, "other": told.other, "muted": told.muted, "version": told.version},
    )


def _handler(event: type[E], table: Any, row: Callable[[E], dict[str, Any]]) -> Handler[Any, Any]:
    async def keep(_: Any, session: AsyncSession, told: E) -> None:
        await _keep(session, table, [row(told)])

    async def keep_all(_: Any, session: AsyncSession, told: Sequence[E]) -> None:
        await _keep(session, table, [row(one) for one in told])

    return Handler(event, keep, keep_all)


class Earlier:
    """Takes over, once, who followed whom before a service began to listen.

    Whoever publishes follows is asked for all that there are, page by page, each with the version that its follower has
    at that moment: what was told before is older, and what is told after it is newer. So pages and events may come in
    any order, and another instance may do the same.

    Args:
        kit: The service's.
        event: What it hears of follows by.
        table: Where they are kept, with `FollowColumns`.
        done: Where it is kept that nothing is missing, with `EarlierColumns`.
    """

    def __init__(self, kit: Kit[Any], event: type[FollowChanged], table: Any, done: Any) -> None:
        self._kit = kit
        self._answer: Any = GenericAlias(list, (event,))
        self._peer = event.KIND.partition(".")[0]
        self._table = table
        self._done = done
        self._is_done = False

    async def take_over(self) -> None:
        """Take over all that there is, unless that was done; while the publisher doesn't answer, nothing is done."""
        if self._is_done:
            return
        async with self._kit.db.reading() as session:
            self._is_done = (await session.execute(select(self._done.source))).first() is not None
        if self._is_done:
            return
        try:
            await self._take_all()
        except (PeerError, PeerMissing) as exc:
            log.warning("earlier_follows_wait", service=self._kit.name, error=str(exc))
            return
        async with self._kit.db.transaction() as session:
            await session.execute(insert(self._done).values(source=self._peer).on_conflict_do_nothing())
        self._is_done = True

    async def _take_all(self) -> None:
        after: dict[str, str] = {}
        while True:
            path = f"/internal/{self._peer}/accepted?{urlencode(after)}"
            told: list[FollowChanged] = await self._kit.shared.calls.get(self._peer, path, self._answer)
            if told:
                async with self._kit.db.transaction() as session:
                    await _keep(session, self._table, [_follow_row(each) for each in told])
            if len(told) < MOST_AT_ONCE:
                return
            after = {"follower": str(told[-1].follower), "followee": str(told[-1].followee)}
