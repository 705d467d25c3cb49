"""Following threads: who does is told of what is said there."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.events import ThreadFollowed
from services.comments.models import Following as Row
from services.comments.models import Thread
from services.comments.repository import FollowingRepository
from services.comments.repository.lists import FOLLOWED
from services.comments.schemas import FollowedThread
from services.comments.service.threads import Threads, refuse_apart
from services.comments.settings import CommentsSettings
from services.core.data.pagination import Page, map_page
from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import over_quota


class Following:
    """Who follows which threads: the owner of one does, and who says something there, unless they don't want to."""

    def __init__(self, kit: Kit[CommentsSettings], threads: Threads) -> None:
        self._db = kit.db
        self._most = kit.settings.followed_threads_per_account
        self._threads = threads

    async def follow(self, subject: Subject, thread_id: UUID) -> None:
        """Follow a thread; again, it does nothing.

        Raises:
            Problem: 403 for guests, 404, 429 for too many, 503 where Polls must be asked and doesn't answer.
        """
        subject.require_user()
        thread = await self._threads.find(subject, thread_id)
        async with self._db.transaction() as session:
            await refuse_apart(session, subject, thread.owner)
            following = FollowingRepository(session)
            held = await following.held(subject.id)
            changed = await following.put(thread_id, subject.id, following=True)
            if changed is None:
                return
            if held >= self._most:
                raise over_quota(f"You follow {self._most:,} threads, all that one account may. Leave one of them.")
            await _tell(session, changed)

    async def leave(self, subject: Subject, thread_id: UUID) -> None:
        """Follow a thread no longer, also if it is one's own; where it isn't known, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            following = FollowingRepository(session)
            thread = await following.thread(thread_id)
            if thread is None or (thread.owner != subject.id and not await following.follows(thread_id, subject.id)):
                return
            changed = await following.put(thread_id, subject.id, following=False)
            if changed is not None:
                await _tell(session, changed)

    async def mine(self, subject: Subject, cursor: str | None, limit: int) -> Page[FollowedThread]:
        """Return a page of the threads that the subject has begun to follow, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await FollowingRepository(session).of(FOLLOWED.page(cursor, limit), subject.id)
        return map_page(page, lambda row: FollowedThread(row.thread, row.title))


async def follow_by_writing(session: AsyncSession, thread: Thread, author: UUID, settings: CommentsSettings) -> None:
    """Have somebody follow a thread in which they say something, unless they have left it before, or own it."""
    if thread.owner == author:
        return
    begun = await FollowingRepository(session).begin(thread.id, author, settings.followed_threads_per_account)
    if begun is not None:
        await _tell(session, begun)


async def _tell(session: AsyncSession, row: Row) -> None:
    told = ThreadFollowed(thread=row.thread, account=row.account, version=row.version, following=row.following)
    await publish(session, told)
