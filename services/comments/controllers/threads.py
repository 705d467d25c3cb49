"""Threads: all that is said about a poll."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.comments.controllers.rules import ADDS, COMMENT_BYTES, READS, TEXTS, WRITES, Sort
from services.comments.schemas import (
    CommentInContext,
    CommentNew,
    FollowedThread,
    ListedComment,
    ThreadCount,
    ThreadsAsked,
    ThreadView,
)
from services.comments.service import Comments
from services.core.data.pagination import Page
from services.core.http.api import Cursor, IdempotencyKey, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject

_KEY_USED = "`idempotency-key-used`, or `comment-gone`: the parent is deleted or hidden, so it can't be answered."


class ThreadController(Controller):
    """All that is said about a poll."""

    path = "/threads"
    tags = ("Comments",)

    @get(
        "/{thread_id:uuid}",
        operation_id="ThreadRead",
        summary="See how much is said about a poll",
        guards=READS,
        responses=problems(TEXTS, 401, 404, 429, 503),
    )
    async def read(
        self,
        comments: NamedDependency[Comments],
        viewer: NamedDependency[Subject | None],
        thread_id: FromPath[UUID],
    ) -> ThreadView:
        """Return how many comments there are, which one is pinned, and what you may do."""
        return await comments.reading.thread(viewer, thread_id)

    @post(
        "/batch",
        operation_id="ThreadBatch",
        summary="See how much is said about many polls",
        status_code=200,
        guards=READS,
        responses=problems(TEXTS, 400, 401, 413, 422, 429),
    )
    async def batch(
        self,
        comments: NamedDependency[Comments],
        viewer: NamedDependency[Subject | None],
        data: JSONBody[ThreadsAsked],
    ) -> list[ThreadCount]:
        """Return the counts of up to 100 polls that you may see; those that nobody has commented on may be left out."""
        return await comments.reading.counts(viewer, data.ids)

    @get(
        "/followed",
        operation_id="ThreadsFollowed",
        summary="List the threads that I follow",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def followed(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[FollowedThread]:
        """Return the threads that I have begun to follow, the latest first; those of my own polls I follow as well."""
        return await comments.following.mine(subject, cursor, limit)

    @put(
        "/{thread_id:uuid}/follow",
        operation_id="ThreadFollow",
        summary="Follow a thread",
        status_code=204,
        guards=WRITES,
        responses=problems(
            TEXTS, 401, 403, 404, 503, _429="Too many requests, or `over-quota`: you follow as many as one account may."
        ),
    )
    async def follow(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], thread_id: FromPath[UUID]
    ) -> None:
        """Be told of what others say about the poll. Its owner is, and who comments, unless they choose otherwise."""
        await comments.following.follow(subject, thread_id)

    @delete(
        "/{thread_id:uuid}/follow",
        operation_id="ThreadUnfollow",
        summary="Follow a thread no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unfollow(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], thread_id: FromPath[UUID]
    ) -> None:
        """Be told of it no longer, whatever you say there later. Answers to you, and mentions, are still told."""
        await comments.following.leave(subject, thread_id)

    @get(
        "/{thread_id:uuid}/comments",
        operation_id="CommentList",
        summary="List a poll's comments",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 404, 429, 503),
    )
    async def top(
        self,
        comments: NamedDependency[Comments],
        viewer: NamedDependency[Subject | None],
        thread_id: FromPath[UUID],
        sort: Sort = "newest",
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ListedComment]:
        """Return the top level of the thread, each comment with the most supported answers to it."""
        return await comments.reading.top(viewer, thread_id, sort, cursor, limit)

    @post(
        "/{thread_id:uuid}/comments",
        operation_id="CommentCreate",
        summary="Comment on a poll",
        guards=ADDS,
        request_max_body_size=COMMENT_BYTES,
        responses={
            201: ResponseSpec(CommentInContext, description="The new comment.", generate_examples=False),
            200: ResponseSpec(
                CommentInContext, description="What this Idempotency-Key made before.", generate_examples=False
            ),
            **problems(TEXTS, 400, 401, 403, 404, 413, 422, 429, 503, _409=_KEY_USED),
        },
    )
    async def add(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        thread_id: FromPath[UUID],
        data: JSONBody[CommentNew],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Say something at the top of the thread, or in answer to a comment."""
        comment_id, new = await comments.writing.add(subject, thread_id, data, key)
        view = await comments.reading.one(subject, comment_id)
        headers = {"Location": f"/v1/comments/{comment_id}"}
        return Response(view, status_code=201 if new else 200, headers=headers)
