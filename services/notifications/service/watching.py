"""Polls that people watch: they are told when these open and close."""

from uuid import UUID

from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import not_found, over_quota, unavailable
from services.notifications.events import PollChanged
from services.notifications.repository.accounts import WATCHED, WatchRepository
from services.notifications.repository.things import ThingRepository
from services.notifications.schemas import WatchedPoll, Watching
from services.notifications.service.hearing import Hearing
from services.notifications.settings import NotificationsSettings


class Watches:
    """Which polls people watch."""

    def __init__(self, kit: Kit[NotificationsSettings], hearing: Hearing) -> None:
        self._kit = kit
        self._hearing = hearing

    async def put(self, subject: Subject, poll: UUID) -> None:
        """Watch a poll; again, it does nothing.

        Raises:
            Problem: 403 for guests, 404 for a poll that the subject may not see, 429 for too many, 503 if Polls must be
                asked and doesn't answer.
        """
        subject.require_user()
        if not await self._may_see(subject.id, poll):
            raise not_found("poll")
        most = self._kit.settings.watched_polls_per_account
        async with self._kit.db.transaction() as session:
            if await WatchRepository(session).put(poll, subject.id) > most:
                raise over_quota(f"You watch {most:,} polls, all that one account may. Watch one of them no longer.")

    async def take_back(self, subject: Subject, poll: UUID) -> None:
        """Watch a poll no longer; where it isn't watched, do nothing."""
        subject.require_user()
        async with self._kit.db.transaction() as session:
            await WatchRepository(session).take_back(poll, subject.id)

    async def one(self, subject: Subject, poll: UUID) -> Watching:
        """Return whether the subject watches a poll."""
        subject.require_user()
        async with self._kit.db.reading() as session:
            return Watching(await WatchRepository(session).watches(poll, subject.id))

    async def mine(self, subject: Subject, cursor: str | None, limit: int) -> Page[WatchedPoll]:
        """Return a page of the polls that the subject watches, the latest first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        subject.require_user()
        page = WATCHED.page(cursor, limit)
        async with self._kit.db.reading() as session:
            found = await WatchRepository(session).of(page, subject.id)
        return map_page(found, lambda row: WatchedPoll(row.poll, row.title))

    async def _may_see(self, viewer: UUID, poll: UUID) -> bool:
        known = await self._known(viewer, poll)
        if known is None:  # its event hasn't come yet, or there is no such poll
            try:
                told = await self._kit.shared.calls.get("polls", f"/internal/polls/{poll}/rules", PollChanged)
            except PeerMissing:
                return False
            except PeerError as exc:
                raise unavailable("Whether there is such a poll can't be found out now. Try again.") from exc
            async with self._kit.db.transaction() as session:
                await self._hearing.poll(session, told)
            known = await self._known(viewer, poll)
        return bool(known)

    async def _known(self, viewer: UUID, poll: UUID) -> bool | None:
        async with self._kit.db.reading() as session:
            return await ThingRepository(session).may_see_poll(viewer, poll)
