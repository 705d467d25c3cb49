"""Telling many people of one thing, shard by shard: each shard is claimed by one process at a time.

Who was told and how far a shard has come are written in one transaction. So whatever is killed, nobody is told twice,
and nobody is left out.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Role, Subject
from services.core.kit import Kit
from services.core.problems import not_found
from services.notifications.kinds import Kind
from services.notifications.repository.accounts import WatchRepository
from services.notifications.repository.followers import FollowerRepository
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.repository.sends import SENDS, SendRepository
from services.notifications.repository.things import ThingRepository
from services.notifications.schemas import SendState, SendView
from services.notifications.settings import NotificationsSettings

_AT_ONCE = 1_000


class Sending:
    """Works on sends."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._db = kit.db

    async def work(self) -> None:
        """Work until no shard is free."""
        worked = False
        while await self._step():
            worked = True
        if worked:
            async with self._db.transaction() as session:
                await SendRepository(session).finish()

    async def listed(self, subject: Subject, cursor: str | None, limit: int) -> Page[SendView]:
        """Return a page of sends with how far each has come, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but administrators.
        """
        subject.require_role(Role.ADMIN)
        async with self._db.reading() as session:
            sends = SendRepository(session)
            page = await sends.listed(SENDS.page(cursor, limit))
            told = await sends.told([row.id for row in page.items])
        return map_page(
            page,
            lambda row: SendView(
                id=row.id,
                kind=cast(Kind, row.kind),
                subject=row.subject,
                at=row.at,
                state=cast(SendState, row.state),
                people=row.people,
                told=told.get(row.id, 0),
            ),
        )

    async def pause(self, subject: Subject, send: UUID, *, paused: bool) -> None:
        """Pause a send, or let it go on; again, or when it is done, it does nothing.

        Raises:
            Problem: 403 for all but administrators, 404.
        """
        subject.require_role(Role.ADMIN)
        async with self._db.transaction() as session:
            if not await SendRepository(session).pause(send, paused=paused):
                raise not_found("send")

    async def _step(self) -> bool:
        """Tell some of a shard; say whether there was one."""
        async with self._db.transaction() as session:
            sends = SendRepository(session)
            shard = await sends.claim()
            if shard is None:
                return False
            audience, told = await (_tell_followers if shard.kind == "thread" else _tell_watchers)(session, shard)
            mailboxes = MailboxRepository(session)
            await mailboxes.advance(told)
            await mailboxes.ring(shard.kind, told)
            after = audience[-1] if audience else shard.last
            await sends.advance(shard, after, len(told), left=len(audience) == _AT_ONCE)
        return True


async def _tell_watchers(session: AsyncSession, shard: Row[Any]) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Tell some who watch a poll of what has become of it; return whom it was about, and who was told."""
    among = (shard.subject, shard.at, shard.after, shard.last)
    audience = await WatchRepository(session).audience(*among, _AT_ONCE)
    others = [account for account in audience if account != shard.actor]
    return audience, await NotificationRepository(session).keep_once(shard.kind, shard.subject, shard.actor, others)


async def _tell_followers(session: AsyncSession, shard: Row[Any]) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Tell some who follow a thread of a comment there; return whom it was about, and who was told."""
    comment = await ThingRepository(session).shown(shard.subject)
    if comment is None or comment.of is None:  # it was hidden or deleted meanwhile
        return [], []
    among = (comment.of, shard.after, shard.last)
    audience, others = await FollowerRepository(session).audience(comment, *among, _AT_ONCE)
    told = NotificationRepository(session)
    await told.keep_new("thread", comment.of, comment.owner, comment.id, others)
    return audience, others
