"""Threads and comments, as somebody sees them."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Comment, Thread
from services.comments.repository import (
    CommentRepository,
    FollowingRepository,
    LimitRepository,
    Pages,
    SeenPage,
    SupportRepository,
    ThreadRepository,
    lists,
    named_by,
)
from services.comments.schemas import (
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
    account_of,
    is_moderator,
    known,
    may_comment,
    may_moderate,
    may_read,
    refuse_unknown,
    state_for,
)
from services.comments.settings import CommentsSettings
from services.core.data.database import Database
from services.core.data.pagination import Page
from services.core.identity.subject import Kind, Subject
from services.core.kit import Kit
from services.core.marked import Piece, cut, parts_of, resolved
from services.core.people import People
from services.core.problems import not_found
from services.core.refusals import Refusals


class Reading:
    """Threads and comments, as somebody sees them.

    A page takes as many statements whatever is on it: its thread and whether the viewer is limited, comments with what
    the viewer has to do with them, whom they name if they name anybody, and who people are. For a viewer who is limited
    there are two more.
    """

    def __init__(self, kit: Kit[CommentsSettings], people: People, threads: Threads) -> None:
        self._db = kit.db
        self._pages = Pages(kit.db)
        self._people = people
        self._threads = threads

    async def thread(self, viewer: Subject | None, thread_id: UUID) -> ThreadView:
        """Return what can be said of a thread without its comments.

        Raises:
            Problem: 404, or 503 where Polls must be asked and doesn't answer.
        """
        thread, limited = await self._threads.look(viewer, thread_id)
        async with self._db.reading() as session:
            left_out = 0 if limited is None else await CommentRepository(session).limited(limited, thread.id)
            comment = thread.pinned and await CommentRepository(session).get_one_or_none(id=thread.pinned)
            seen = await _look(session, viewer, [thread], [comment] if comment else [], limited)
            apart, _ = await _relation(session, viewer, {thread.owner}, [])
            following = await _follows(session, viewer, thread)
        pinned = await self._show(seen)
        return ThreadView(
            id=thread.id,
            kind="poll",
            comments=thread.comments + left_out,
            locked=thread.locked,
            pinned=pinned[0] if pinned else None,
            may_comment=may_comment(thread, viewer) and not apart,
            may_moderate=may_moderate(thread, viewer),
            following=following,
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
        account = account_of(viewer)
        try:
            async with asyncio.TaskGroup() as both:  # since hardly anybody is limited
                looking = both.create_task(self._threads.look(viewer, thread_id))
                reading = both.create_task(self._pages.top(page_filter, thread_id, account, limited=False))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        (thread, limited), page = looking.result(), reading.result()
        if limited is not None:
            page = await self._pages.top(page_filter, thread_id, account, limited=True)
        return await self._listed(viewer, thread, page, limited)

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
            limited = await _limited(session, viewer)
        page = await self._pages.replies(page_filter, comment.id, account_of(viewer), limited=limited is not None)
        return await self._listed(viewer, thread, page, limited)

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
            limited = await _limited(session, viewer)
            seen = await _look(session, viewer, [thread], [*above, comment], limited)
        *views, view = await self._show(seen)
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
            threads = await ThreadRepository(session).of([row.thread for row in comments])
            seen = await _look(session, viewer, threads, comments, await _limited(session, viewer))
        return await self._show(seen)

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

    async def _listed(
        self, viewer: Subject | None, thread: Thread, seen: SeenPage, limited: UUID | None
    ) -> Page[ListedComment]:
        comments = [*seen.page.items, *seen.answers]
        apart = frozenset() if is_moderator(viewer) else seen.apart
        unlisted: Mapping[UUID | None, int] = {}
        if limited is not None:
            async with self._db.reading() as session:
                unlisted = await CommentRepository(session).unlisted(limited, thread.id)
        pieces = await _pieces(self._db, _readable({thread.id: thread}, comments, viewer, apart))
        views = await self._show(_Seen(viewer, {thread.id: thread}, comments, apart, seen.supported, unlisted, pieces))
        below: dict[UUID | None, list[CommentView]] = {}
        for view in views[len(seen.page.items) :]:
            below.setdefault(view.parent, []).append(view)
        items = [ListedComment(view, below.get(view.id, [])) for view in views[: len(seen.page.items)]]
        return Page(items, seen.page.next)

    async def _show(self, seen: "_Seen") -> list[CommentView]:
        """Return comments with the people named; hold no connection meanwhile, since finding them takes one."""
        named = (UUID(piece.target) for row in seen.pieces.values() for piece in row if piece.type == "mention")
        authors = (comment.author for comment in seen.comments if comment.id in seen.pieces)
        people = await self._people.of([*authors, *named])
        views = []
        for comment in seen.comments:
            thread = seen.threads[comment.thread]
            is_readable = comment.id in seen.pieces
            state = state_for(comment, seen.viewer)
            withheld = state == "shown" and comment.author in seen.apart
            views.append(
                CommentView(
                    id=comment.id,
                    thread=comment.thread,
                    parent=comment.parent,
                    depth=len(comment.path) // 4,
                    author=people[comment.author] if is_readable else None,
                    text=comment.text if is_readable else None,
                    parts=parts_of(seen.pieces.get(comment.id, []), people),
                    state="withheld" if withheld else state,  # type: ignore[arg-type]  # no other values
                    created_at=comment.created_at,
                    edited_at=comment.edited_at,
                    support=comment.support,
                    supported=comment.id in seen.supported,
                    replies=comment.replies + seen.unlisted.get(comment.id, 0),
                    pinned=thread.pinned == comment.id,
                )
            )
        return views


class _Seen(NamedTuple):
    """Comments, and what a viewer has to do with them.

    Attributes:
        viewer: Who looks.
        threads: By id, those that the comments are in.
        comments: In their order.
        apart: Of their authors, whom the viewer blocks, or who block the viewer.
        supported: Of the comments, those that the viewer supports.
        unlisted: By what they answer, how many comments of a limited viewer nobody else sees.
        pieces: By comment, what is said in pieces, of those that the viewer may read.
    """

    viewer: Subject | None
    threads: Mapping[UUID, Thread]
    comments: Sequence[Comment]
    apart: Set[UUID]
    supported: Set[UUID]
    unlisted: Mapping[UUID | None, int]
    pieces: Mapping[UUID, list[Piece]]


async def _look(
    session: AsyncSession,
    viewer: Subject | None,
    threads: Sequence[Thread],
    comments: Sequence[Comment],
    limited: UUID | None,
) -> _Seen:
    """Return what a viewer sees of some comments.

    Args:
        session: The session.
        viewer: Who looks.
        threads: Those that the comments are in.
        comments: The comments.
        limited: The viewer, if they are limited.
    """
    by_id = {thread.id: thread for thread in threads}
    authors, ids = {comment.author for comment in comments}, [comment.id for comment in comments]
    apart, supported = await _relation(session, viewer, authors, ids)
    unlisted: dict[UUID | None, int] = {}
    if limited is not None:
        for thread in by_id:
            unlisted |= await CommentRepository(session).unlisted(limited, thread)
    pieces = await _pieces(session, _readable(by_id, comments, viewer, apart))
    return _Seen(viewer, by_id, comments, apart, supported, unlisted, pieces)


def _readable(
    threads: Mapping[UUID, Thread], comments: Sequence[Comment], viewer: Subject | None, apart: Set[UUID]
) -> list[Comment]:
    return [one for one in comments if may_read(threads[one.thread], one, viewer) and one.author not in apart]


async def _pieces(where: AsyncSession | Database, comments: Sequence[Comment]) -> dict[UUID, list[Piece]]:
    """Return what some comments say in pieces, by comment."""
    pieces = {comment.id: cut(comment.text) for comment in comments}
    naming = {comment for comment, row in pieces.items() if any(piece.type == "mention" for piece in row)}
    whom = await named_by(where, naming) if naming else {}
    return {
        comment: resolved(row, whom.get(comment, {})) if comment in naming else row for comment, row in pieces.items()
    }


async def _follows(session: AsyncSession, viewer: Subject | None, thread: Thread) -> bool:
    if viewer is None or viewer.kind is not Kind.USER:
        return False
    chosen = await FollowingRepository(session).follows(thread.id, viewer.id)
    return thread.owner == viewer.id if chosen is None else chosen


async def _relation(
    session: AsyncSession, viewer: Subject | None, accounts: Set[UUID], comments: Sequence[UUID]
) -> tuple[Set[UUID], Set[UUID]]:
    """Return from which of some accounts a viewer is apart, and which of some comments they support.

    Moderators read everything.
    """
    if viewer is None or viewer.kind is not Kind.USER or not accounts:
        return frozenset(), frozenset()
    apart, supported = await SupportRepository(session).relation(viewer.id, accounts, comments)
    return frozenset() if is_moderator(viewer) else apart, supported


async def _limited(session: AsyncSession, viewer: Subject | None) -> UUID | None:
    """Return who reads, if they are limited: they see their own comments as if they weren't."""
    if viewer is None or viewer.kind is not Kind.USER or not await LimitRepository(session).is_limited(viewer.id):
        return None
    return viewer.id
