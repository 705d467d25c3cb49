"""Threads and comments, as somebody sees them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Comment, Thread
from services.comments.repository import (
    BlockRepository,
    CommentRepository,
    FollowingRepository,
    LimitRepository,
    MentionRepository,
    SupportRepository,
    ThreadRepository,
    lists,
)
from services.comments.schemas import (
    BEST_REPLIES,
    MOST_ASKED,
    CommentInContext,
    CommentView,
    ListedComment,
    Order,
    ThreadCount,
    ThreadView,
)
from services.comments.service.threads import (
    Threads,
    is_moderator,
    known,
    may_comment,
    may_moderate,
    may_read,
    refuse_unknown,
    state_for,
)
from services.comments.settings import CommentsSettings
from services.core.data.pagination import Page
from services.core.identity.subject import Kind, Subject
from services.core.kit import Kit
from services.core.marked import Piece, cut, parts_of, resolved
from services.core.people import People
from services.core.problems import not_found
from services.core.refusals import Refusals


class Reading:
    """Threads and comments, as somebody sees them.

    A page takes as many statements whatever is on it: the rows, the best answers, whom one is apart from, what one
    supports, whom the comments name, and who people are.
    """

    def __init__(self, kit: Kit[CommentsSettings], people: People, threads: Threads) -> None:
        self._db = kit.db
        self._people = people
        self._threads = threads

    async def thread(self, viewer: Subject | None, thread_id: UUID) -> ThreadView:
        """Return what can be said of a thread without its comments.

        Raises:
            Problem: 404, or 503 where Polls must be asked and doesn't answer.
        """
        thread = await self._threads.find(viewer, thread_id)
        pinned = None
        if thread.pinned is not None:
            async with self._db.reading() as session:
                comment = await CommentRepository(session).get_one_or_none(id=thread.pinned)
            if comment is not None:
                [pinned] = await self._views(viewer, thread, [comment])
        return ThreadView(
            id=thread.id,
            kind="poll",
            comments=thread.comments + await self._left_out(viewer, thread),
            locked=thread.locked,
            pinned=pinned,
            may_comment=may_comment(thread, viewer) and not await self._apart(viewer, [thread.owner]),
            may_moderate=may_moderate(thread, viewer),
            following=await self._follows(viewer, thread),
        )

    async def counts(self, viewer: Subject | None, threads: Sequence[UUID]) -> list[ThreadCount]:
        """Return how much is said in each of some threads; those that the viewer doesn't know of are left out.

        Raises:
            Problem: 422 for too many.
        """
        found = Refusals("threads-refused")
        if len(threads) > MOST_ASKED:
            found.add("ids", f"must be at most {MOST_ASKED}, not {len(threads)}", max_length=MOST_ASKED)
        found.check()
        async with self._db.reading() as session:
            rows = await known(session, viewer, await ThreadRepository(session).of(threads))
        return [ThreadCount(row.id, row.comments, row.locked) for row in rows if not row.deleted]

    async def top(
        self, viewer: Subject | None, thread_id: UUID, order: Order, cursor: str | None, limit: int
    ) -> Page[ListedComment]:
        """Return a page of a thread's top level.

        Raises:
            Problem: 400 for another list's cursor, 404, 503.
        """
        page_filter = lists.TOP[order].page(cursor, limit)
        thread = await self._threads.find(viewer, thread_id)
        async with self._db.reading() as session:
            page = await CommentRepository(session).top(page_filter, thread_id, await _limited(session, viewer))
        return await self._listed(viewer, thread, page)

    async def replies(
        self, viewer: Subject | None, comment_id: UUID, order: Order, cursor: str | None, limit: int
    ) -> Page[ListedComment]:
        """Return a page of the answers to a comment.

        Raises:
            Problem: 400 for another list's cursor, 404.
        """
        page_filter = lists.REPLIES[order].page(cursor, limit)
        thread, comment = await self._found(viewer, comment_id)
        async with self._db.reading() as session:
            page = await CommentRepository(session).replies(page_filter, comment.id, await _limited(session, viewer))
        return await self._listed(viewer, thread, page)

    async def one(self, viewer: Subject | None, comment_id: UUID) -> CommentInContext:
        """Return a comment and those above it, for a link to it.

        Raises:
            Problem: 404 for what isn't there, and for what can't be read and has no answers.
        """
        thread, comment = await self._found(viewer, comment_id)
        if not comment.listed and not may_read(thread, comment, viewer):
            raise not_found("comment")
        async with self._db.reading() as session:
            above = await CommentRepository(session).above(comment)
        *views, view = await self._views(viewer, thread, [*above, comment])
        if view.state == "withheld" and not comment.replies:
            raise not_found("comment")
        return CommentInContext(view, views)

    async def mine(self, subject: Subject, cursor: str | None, limit: int) -> Page[CommentView]:
        """Return a page of what the subject has said, the newest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await CommentRepository(session).mine(lists.MINE.page(cursor, limit), subject.id)
        return Page(await self.views(subject, page.items), page.next)

    async def views(self, viewer: Subject, comments: Sequence[Comment]) -> list[CommentView]:
        """Return comments of any threads, as somebody sees them."""
        async with self._db.reading() as session:
            threads = {row.id: row for row in await ThreadRepository(session).of([row.thread for row in comments])}
        return await self._of_threads(viewer, threads, comments)

    async def _found(self, viewer: Subject | None, comment_id: UUID) -> tuple[Thread, Comment]:
        async with self._db.reading() as session:
            comment = await CommentRepository(session).get_one_or_none(id=comment_id)
            if comment is None:
                raise not_found("comment")
            thread = await ThreadRepository(session).get(comment.thread)
            if thread.deleted:
                raise not_found("comment")
            await refuse_unknown(session, viewer, thread, "comment")
        return thread, comment

    async def _listed(self, viewer: Subject | None, thread: Thread, page: Page[Comment]) -> Page[ListedComment]:
        async with self._db.reading() as session:
            answered = [comment.id for comment in page.items if comment.replies]
            best = await CommentRepository(session).best_replies(answered, BEST_REPLIES) if answered else []
        views = await self._views(viewer, thread, [*page.items, *best])
        below: dict[UUID | None, list[CommentView]] = {}
        for view in views[len(page.items) :]:
            below.setdefault(view.parent, []).append(view)
        items = [ListedComment(view, below.get(view.id, [])) for view in views[: len(page.items)]]
        return Page(items, page.next)

    async def _views(self, viewer: Subject | None, thread: Thread, comments: Sequence[Comment]) -> list[CommentView]:
        return await self._of_threads(viewer, {thread.id: thread}, comments)

    async def _of_threads(
        self, viewer: Subject | None, threads: dict[UUID, Thread], comments: Sequence[Comment]
    ) -> list[CommentView]:
        apart = await self._apart(viewer, {comment.author for comment in comments})
        supported = await self._supported(viewer, comments)
        unlisted = await self._unlisted(viewer, threads.values())
        readable = [
            comment
            for comment in comments
            if may_read(threads[comment.thread], comment, viewer) and comment.author not in apart
        ]
        pieces = await self._pieces(readable)
        named = (UUID(piece.target) for row in pieces.values() for piece in row if piece.type == "mention")
        people = await self._people.of([*(comment.author for comment in readable), *named])
        views = []
        for comment in comments:
            thread = threads[comment.thread]
            is_readable = comment.id in pieces
            state = state_for(comment, viewer)
            withheld = state == "shown" and comment.author in apart
            views.append(
                CommentView(
                    id=comment.id,
                    thread=comment.thread,
                    parent=comment.parent,
                    depth=len(comment.path) // 4,
                    author=people[comment.author] if is_readable else None,
                    text=comment.text if is_readable else None,
                    parts=parts_of(pieces.get(comment.id, []), people),
                    state="withheld" if withheld else state,  # type: ignore[arg-type]  # no other values
                    created_at=comment.created_at,
                    edited_at=comment.edited_at,
                    support=comment.support,
                    supported=comment.id in supported,
                    replies=comment.replies + unlisted.get(comment.id, 0),
                    pinned=thread.pinned == comment.id,
                )
            )
        return views

    async def _pieces(self, comments: Sequence[Comment]) -> dict[UUID, list[Piece]]:
        """Return what some comments say in pieces, by comment."""
        if not comments:
            return {}
        async with self._db.reading() as session:
            named = await MentionRepository(session).of([comment.id for comment in comments])
        return {comment.id: resolved(cut(comment.text), named.get(comment.id, {})) for comment in comments}

    async def _follows(self, viewer: Subject | None, thread: Thread) -> bool:
        if viewer is None or viewer.kind is not Kind.USER:
            return False
        async with self._db.reading() as session:
            chosen = await FollowingRepository(session).follows(thread.id, viewer.id)
        return thread.owner == viewer.id if chosen is None else chosen

    async def _unlisted(self, viewer: Subject | None, threads: Iterable[Thread]) -> dict[UUID | None, int]:
        """Return how many comments of theirs a limited viewer sees and nobody else does, by what they answer."""
        found: dict[UUID | None, int] = {}
        async with self._db.reading() as session:
            limited = await _limited(session, viewer)
            if limited is None:
                return found
            for thread in threads:
                found |= await CommentRepository(session).unlisted(limited, thread.id)
        return found

    async def _left_out(self, viewer: Subject | None, thread: Thread) -> int:
        """Return how many comments of theirs a limited viewer counts and nobody else does."""
        async with self._db.reading() as session:
            limited = await _limited(session, viewer)
            return 0 if limited is None else await CommentRepository(session).limited(limited, thread.id)

    async def _apart(self, viewer: Subject | None, accounts: "Sequence[UUID] | set[UUID]") -> set[UUID]:
        if viewer is None or viewer.kind is not Kind.USER or is_moderator(viewer) or not accounts:
            return set()  # moderators read everything
        async with self._db.reading() as session:
            return await BlockRepository(session).apart(viewer.id, accounts)

    async def _supported(self, viewer: Subject | None, comments: Sequence[Comment]) -> set[UUID]:
        if viewer is None or viewer.kind is not Kind.USER or not comments:
            return set()
        async with self._db.reading() as session:
            return await SupportRepository(session).mine(viewer.id, [comment.id for comment in comments])


async def _limited(session: AsyncSession, viewer: Subject | None) -> UUID | None:
    """Return who reads, if they are limited: they see their own comments as if they weren't."""
    if viewer is None or viewer.kind is not Kind.USER or not await LimitRepository(session).is_limited(viewer.id):
        return None
    return viewer.id
