"""What the owner of a poll and moderators do with its comments."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.comments.controllers.rules import TEXTS, WRITES
from services.comments.schemas import CommentInContext, Hiding, ThreadLogEntry, ThreadView
from services.comments.service import Comments
from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject


class ModerationController(Controller):
    """What the owner of a poll and moderators do with its comments."""

    tags = ("Comments",)

    @put(
        "/threads/{thread_id:uuid}/lock",
        operation_id="ThreadLock",
        summary="Lock a thread",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429, 503),
    )
    async def lock(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], thread_id: FromPath[UUID]
    ) -> ThreadView:
        """Let nobody but the poll's owner and moderators add to the thread. Again, it does nothing."""
        await comments.moderating.lock(subject, thread_id, locked=True)
        return await comments.reading.thread(subject, thread_id)

    @delete(
        "/threads/{thread_id:uuid}/lock",
        operation_id="ThreadUnlock",
        summary="Unlock a thread",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429, 503),
    )
    async def unlock(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], thread_id: FromPath[UUID]
    ) -> None:
        """Let everybody add to the thread again. Where it isn't locked, it does nothing."""
        await comments.moderating.lock(subject, thread_id, locked=False)

    @get(
        "/threads/{thread_id:uuid}/log",
        operation_id="ThreadLog",
        summary="See what was done to a thread",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403, 404, 503),
    )
    async def log(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        thread_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ThreadLogEntry]:
        """Return what the owner and moderators did, the latest first. Nobody can change the log."""
        return await comments.moderating.log(subject, thread_id, cursor, limit)

    @put(
        "/{comment_id:uuid}/hidden",
        operation_id="CommentHide",
        summary="Hide a comment",
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 404, 413, 422, 429, _409="`comment-gone`: its author has deleted it."),
    )
    async def hide(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        comment_id: FromPath[UUID],
        data: JSONBody[Hiding],
    ) -> CommentInContext:
        """Hide a comment on your poll, for a reason that is logged. Its author and you still see it."""
        await comments.moderating.hide(subject, comment_id, data.reason)
        return await comments.reading.one(subject, comment_id)

    @delete(
        "/{comment_id:uuid}/hidden",
        operation_id="CommentRestore",
        summary="Show a hidden comment again",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def restore(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], comment_id: FromPath[UUID]
    ) -> None:
        """Show a hidden comment again. Where it isn't hidden, it does nothing."""
        await comments.moderating.restore(subject, comment_id)

    @put(
        "/{comment_id:uuid}/pin",
        operation_id="CommentPin",
        summary="Pin a comment",
        guards=WRITES,
        responses=problems(
            TEXTS,
            401,
            403,
            404,
            429,
            _409="`comment-gone`: it is deleted or hidden.",
            _422="`not-at-the-top`: only comments at the top of the thread can be pinned.",
        ),
    )
    async def pin(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], comment_id: FromPath[UUID]
    ) -> CommentInContext:
        """Have a comment stand first, in place of the one that did."""
        await comments.moderating.pin(subject, comment_id)
        return await comments.reading.one(subject, comment_id)

    @delete(
        "/{comment_id:uuid}/pin",
        operation_id="CommentUnpin",
        summary="Unpin a comment",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def unpin(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], comment_id: FromPath[UUID]
    ) -> None:
        """Have a comment stand where it belongs again. Where it isn't pinned, it does nothing."""
        await comments.moderating.unpin(subject, comment_id)
