"""Telling many people of one thing, shard by shard: each shard is claimed by one process at a time.

Who was told and how far a shard has come are written in one transaction. So whatever is killed, nobody is told twice,
and nobody is left out.

That a poll closes soon is for those who may vote in it and haven't: VoteBooth is asked who of some that is, between
two transactions, and what it says holds if the shard has come no further meanwhile.
"""

from collections.abc import Collection, Sequence
from types import GenericAlias
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Role, Subject
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import not_found
from services.notifications.kinds import KINDS, Kind
from services.notifications.repository.accounts import WatchRepository
from services.notifications.repository.followers import FollowerRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.repository.sends import SENDS, SendRepository
from services.notifications.repository.things import ThingRepository
from services.notifications.schemas import SendState, SendView
from services.notifications.service.hearing import Hearing
from services.notifications.service.ringing import tell
from services.notifications.settings import NotificationsSettings

log = structlog.get_logger(__name__)

_AT_ONCE = 1_000

_ASKED_AT_ONCE = 100
"""How many people VoteBooth is asked about at once; they stand in the URL."""

_ASK_SECONDS = 10.0
"""Nobody waits for the answer."""

_REMINDED_AT_ONCE = 20

_ASKING: tuple[Kind, ...] = ("poll_closing",)
"""Sends that aren't for everybody who watches."""

_OTHERS: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind not in _ASKING)


class Sending:
    """Works on sends."""

    def __init__(self, kit: Kit[NotificationsSettings], hearing: Hearing) -> None:
        self._db = kit.db
        self._calls = kit.shared.calls
        self._hearing = hearing
        self._ids: Any = GenericAlias(list, (UUID,))

    async def remind(self) -> None:
        """Begin to tell of each poll that closes soon."""
        while True:
            async with self._db.transaction() as session:
                closing = await ThingRepository(session).closing(_REMINDED_AT_ONCE)
                for poll, again in closing:
                    if again:
                        await SendRepository(session).end("poll_closing", poll.id)
                    await self._hearing.closing(session, poll.id, poll.owner)
            if not closing:
                return

    async def work(self) -> None:
        """Work until no shard is free."""
        worked = False
        while await self._step():
            worked = True
        while await self._step_asking():
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
            shard = await SendRepository(session).claim(_OTHERS)
            if shard is None:
                return False
            if shard.kind == "thread":
                audience, told = await _tell_followers(session, shard)
            else:
                audience = await _watchers(session, shard, _AT_ONCE)
                told = await _tell_watchers(session, shard, audience)
            await _advance(session, shard, audience, told, left=len(audience) == _AT_ONCE)
        return True

    async def _step_asking(self) -> bool:
        """Tell some of a shard whom VoteBooth names; say whether there was one, and it did."""
        async with self._db.transaction() as session:
            shard = await SendRepository(session).claim(_ASKING)
            audience = () if shard is None else await _watchers(session, shard, _ASKED_AT_ONCE)
        if shard is None:
            return False
        wanted = await self._who_may_vote_yet(shard.subject, audience)
        if wanted is None:
            return False
        async with self._db.transaction() as session:
            if await SendRepository(session).claim(_ASKING, as_it_was=shard) is not None:
                told = await _remind(session, shard, [one for one in audience if one in wanted])
                await _advance(session, shard, audience, told, left=len(audience) == _ASKED_AT_ONCE)
        return True

    async def _who_may_vote_yet(self, poll: UUID, accounts: Sequence[UUID]) -> Collection[UUID] | None:
        """Return those of some who are to be reminded of a poll; None while VoteBooth doesn't answer."""
        if not accounts:
            return ()
        query = urlencode([("account", account) for account in accounts])
        try:
            found: list[UUID] = await self._calls.get(
                "votebooth", f"/internal/votebooth/polls/{poll}/reminders?{query}", self._ids, _ASK_SECONDS
            )
        except PeerMissing:  # the poll is gone
            return ()
        except PeerError as exc:
            log.warning("voters_unknown", people=len(accounts), error=str(exc))
            return None
        return set(found)


async def _watchers(session: AsyncSession, shard: Row[*tuple[Any, ...]], most: int) -> Sequence[UUID]:
    """Return the next of those who watch a poll."""
    return await WatchRepository(session).audience(shard.subject, shard.at, shard.after, shard.last, most)


async def _tell_watchers(
    session: AsyncSession, shard: Row[*tuple[Any, ...]], audience: Sequence[UUID]
) -> Sequence[UUID]:
    """Tell some who watch a poll of what becomes of it; return who was told."""
    others = [account for account in audience if account != shard.actor]
    return await NotificationRepository(session).keep_once(shard.kind, shard.subject, shard.actor, others)


async def _remind(session: AsyncSession, shard: Row[*tuple[Any, ...]], wanted: Sequence[UUID]) -> Sequence[UUID]:
    """Tell some that a poll closes soon; return who was told. Who was told of an earlier end is told of this one."""
    others = [account for account in wanted if account != shard.actor]
    await NotificationRepository(session).keep_new(shard.kind, shard.subject, shard.actor, shard.send, others)
    return others


async def _tell_followers(session: AsyncSession, shard: Row[*tuple[Any, ...]]) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Tell some who follow a thread of a comment there; return whom it was about, and who was told."""
    comment = await ThingRepository(session).shown(shard.subject)
    if comment is None or comment.of is None:  # it was hidden or deleted meanwhile
        return [], []
    among = (comment.of, shard.after, shard.last)
    audience, others = await FollowerRepository(session).audience(comment, *among, _AT_ONCE)
    told = NotificationRepository(session)
    await told.keep_new("thread", comment.of, comment.owner, comment.id, others)
    return audience, others


async def _advance(
    session: AsyncSession, shard: Row[*tuple[Any, ...]], audience: Sequence[UUID], told: Sequence[UUID], *, left: bool
) -> None:
    """Let those who were told know it, and keep how far a shard that is held has come."""
    await tell(session, shard.kind, told)
    after = audience[-1] if audience else shard.last
    await SendRepository(session).advance(shard, after, len(told), left=left)
