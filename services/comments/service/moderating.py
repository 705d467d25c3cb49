"""What owners and moderators do with a thread; each act is logged."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Comment, Thread
from services.comments.repository import AuditRepository, CaseRepository, FilterRepository, ThreadRepository, lists
from services.comments.schemas import ThreadLogEntry
from services.comments.service.keeping import hold_for_moderators
from services.comments.service.steps import locked, record, set_state
from services.comments.service.threads import Threads, is_moderator, may_moderate, standing
from services.comments.settings import CommentsSettings
from services.core.cases.schemas import MAX_REASON
from services.core.data.pagination import Page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import conflict, forbidden, not_found, not_the_owner, refused
from services.core.refusals import Refusals
from services.core.text import clean_text


class Moderating:
    """Locking threads, hiding and pinning comments. It is for the thread's owner and for moderators."""

    def __init__(self, kit: Kit[CommentsSettings], people: People, threads: Threads) -> None:
        self._db = kit.db
        self._people = people
        self._threads = threads

    async def lock(self, subject: Subject, thread_id: UUID, *, locked: bool) -> None:
        """Lock a thread, so that only those who may do so add to it, or open it again.

        Raises:
            Problem: 403 for others, 404, 503.
        """
        subject.require_user()
        _require(await self._threads.find(subject, thread_id), subject)
        async with self._db.transaction() as session:
            threads = ThreadRepository(session)
            thread = await threads.lock(thread_id)
            if thread is None or thread.deleted:
                raise not_found("poll")
            if thread.locked == locked:
                return
            await threads.change(thread_id, locked=locked)
            await record(session, "thread.locked" if locked else "thread.unlocked", subject, thread)

    async def hide(self, subject: Subject, comment_id: UUID, reason: str) -> None:
        """Hide a comment; again, it does nothing.

        Raises:
            Problem: 403 for others, 404, 409 for what is deleted, 422.
        """
        subject.require_user()
        found = Refusals("reason-refused")
        reason = found.text("reason", clean_text, reason, MAX_REASON)
        found.check()
        async with self._db.transaction() as session:
            thread, comment = await self._of(session, subject, comment_id)
            if comment.state == "deleted":
                raise conflict("comment-gone", "Its author has deleted this comment.")
            if comment.state == "shown":
                await set_state(session, thread, comment, "hidden", hidden_as=standing(subject))
                await record(session, "comment.hidden", subject, thread, comment, reason=reason)

    async def restore(self, subject: Subject, comment_id: UUID) -> None:
        """Show a hidden comment again; where it isn't hidden, it does nothing.

        Raises:
            Problem: 403 for others, 404.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            await FilterRepository(session).share()
            thread, comment = await self._of(session, subject, comment_id)
            if comment.state == "hidden" and (comment.hidden_as != "limit" or is_moderator(subject)):
                if comment.hidden_as in {"moderator", "filter"} and standing(subject) == "owner":
                    raise forbidden("A moderator has hidden this comment, so only moderators show it again.")
                await self._show(session, subject, thread, comment)
                await record(session, "comment.restored", subject, thread, comment)

    async def _show(self, session: AsyncSession, subject: Subject, thread: Thread, comment: Comment) -> None:
        """Show a hidden comment; a moderator has decided about it then, an owner hasn't."""
        cases = CaseRepository(session)
        if standing(subject) == "owner":
            if await hold_for_moderators(session, comment):
                return
            await cases.forget_appeal(comment.id)
        else:
            await cases.settle(comment.id, "restored", subject.id)
        await set_state(session, thread, comment, "shown", hidden_as=None)

    async def pin(self, subject: Subject, comment_id: UUID) -> None:
        """Have a comment of the top level stand first, in place of another one.

        Raises:
            Problem: 403 for others, 404, 409 for what is deleted or hidden, 422 for an answer.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            thread, comment = await self._of(session, subject, comment_id)
            if comment.state != "shown":
                raise conflict("comment-gone", "This comment is deleted or hidden, so it can't be pinned.")
            if comment.parent is not None:
                raise refused("not-at-the-top", "Only a comment at the top of the thread can be pinned.")
            if thread.pinned != comment_id:
                await ThreadRepository(session).change(thread.id, pinned=comment_id)
                await record(session, "comment.pinned", subject, thread, comment)

    async def unpin(self, subject: Subject, comment_id: UUID) -> None:
        """Have a comment stand where it belongs; where it isn't pinned, it does nothing.

        Raises:
            Problem: 403 for others, 404.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            thread, comment = await self._of(session, subject, comment_id)
            if thread.pinned == comment_id:
                await ThreadRepository(session).change(thread.id, pinned=None)
                await record(session, "comment.unpinned", subject, thread, comment)

    async def log(self, subject: Subject, thread_id: UUID, cursor: str | None, limit: int) -> Page[ThreadLogEntry]:
        """Return a page of what was done to a thread, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for others, 404, 503.
        """
        subject.require_user()
        page_filter = lists.LOG.page(cursor, limit)
        _require(await self._threads.find(subject, thread_id), subject)
        async with self._db.reading() as session:
            page = await AuditRepository(session).of_thread(page_filter, thread_id)
        return await self._people.log(page, ThreadLogEntry)

    async def _of(self, session: AsyncSession, subject: Subject, comment_id: UUID) -> tuple[Thread, Comment]:
        thread, comment = await locked(session, subject, comment_id)
        _require(thread, subject)
        return thread, comment


def _require(thread: Thread, subject: Subject) -> None:
    if not may_moderate(thread, subject):
        raise not_the_owner("Only the poll's owner and moderators can do this.")
