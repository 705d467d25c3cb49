"""Comments, answers to them, and support for them."""

from uuid import UUID

from litestar import Controller, delete, get, patch, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.comments.controllers.rules import COMMENT_BYTES, EDITS, READS, TEXTS, WRITES, Sort
from services.comments.schemas import CommentEdit, CommentInContext, CommentView, ListedComment
from services.comments.service import Comments
from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject


class CommentController(Controller):
    """Comments, answers to them, and support for them."""

    tags = ("Comments",)

    @get(
        "/mine",
        operation_id="CommentMine",
        summary="List what I have said",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def mine(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[CommentView]:
        """Return my comments, the newest first, without those that I have deleted."""
        return await comments.reading.mine(subject, cursor, limit)

    @get(
        "/{comment_id:uuid}",
        operation_id="CommentRead",
        summary="See a comment in its context",
        guards=READS,
        responses=problems(TEXTS, 401, 404, 429),
    )
    async def read(
        self,
        comments: NamedDependency[Comments],
        viewer: NamedDependency[Subject | None],
        comment_id: FromPath[UUID],
    ) -> CommentInContext:
        """Return a comment and what it answers, up to the top of the thread."""
        return await comments.reading.one(viewer, comment_id)

    @get(
        "/{comment_id:uuid}/replies",
        operation_id="CommentReplies",
        summary="List the answers to a comment",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 404, 429),
    )
    async def replies(
        self,
        comments: NamedDependency[Comments],
        viewer: NamedDependency[Subject | None],
        comment_id: FromPath[UUID],
        sort: Sort = "oldest",
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ListedComment]:
        """Return the direct answers, each with the most supported answers to it."""
        return await comments.reading.replies(viewer, comment_id, sort, cursor, limit)

    @patch(
        "/{comment_id:uuid}",
        operation_id="CommentEdit",
        summary="Edit my comment",
        guards=EDITS,
        request_max_body_size=COMMENT_BYTES,
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            404,
            413,
            422,
            429,
            _409="`edit-window-over`: it was written too long ago. `comment-hidden`: it can't be edited meanwhile.",
        ),
    )
    async def edit(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        comment_id: FromPath[UUID],
        data: JSONBody[CommentEdit],
    ) -> CommentInContext:
        """Say something else, within an hour of having said it; readers see that it was edited."""
        await comments.writing.edit(subject, comment_id, data.text)
        return await comments.reading.one(subject, comment_id)

    @delete(
        "/{comment_id:uuid}",
        operation_id="CommentDelete",
        summary="Delete my comment",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def erase(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], comment_id: FromPath[UUID]
    ) -> None:
        """Delete what I said. Answers to it stay. Again, it does nothing."""
        await comments.writing.delete(subject, comment_id)

    @put(
        "/{comment_id:uuid}/support",
        operation_id="CommentSupport",
        summary="Support a comment",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429, _422="`own-comment`: it is your own."),
    )
    async def support(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], comment_id: FromPath[UUID]
    ) -> CommentInContext:
        """Support a comment. Again, it does nothing."""
        await comments.supporting.support(subject, comment_id)
        return await comments.reading.one(subject, comment_id)

    @delete(
        "/{comment_id:uuid}/support",
        operation_id="CommentSupportWithdraw",
        summary="Support a comment no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def withdraw(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], comment_id: FromPath[UUID]
    ) -> None:
        """Support a comment no longer. Where there is no support, it does nothing."""
        await comments.supporting.withdraw(subject, comment_id)
