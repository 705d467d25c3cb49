"""Filters of words and limits of accounts, for moderators."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.comments.controllers.rules import TEXTS, WRITES
from services.comments.schemas import CommentView, FilterNew, FilterView, Limiting, LimitView
from services.comments.service import Comments
from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject

_FOR_MODERATORS = "This is for moderators."


class FilterController(Controller):
    """Words whose comments wait for a moderator before others see them."""

    path = "/filters"
    tags = ("Moderation",)

    @get(
        "/",
        operation_id="FilterList",
        summary="List the filters",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
    )
    async def listed(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[FilterView]:
        """Return them, the latest first."""
        return await comments.limiting.filters(subject, cursor, limit)

    @post(
        "/",
        operation_id="FilterAdd",
        summary="Add a filter",
        guards=WRITES,
        responses={
            201: ResponseSpec(FilterView, description="The new filter.", generate_examples=False),
            200: ResponseSpec(FilterView, description="These words are filtered already.", generate_examples=False),
            **problems(
                TEXTS,
                400,
                401,
                413,
                _403=_FOR_MODERATORS,
                _422="`filter-refused`: the words are too long or have no letters.",
                _429="Too many requests, or `over-quota`: there are 500 filters.",
            ),
        },
    )
    async def add(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], data: JSONBody[FilterNew]
    ) -> Response[Any]:
        """Have comments and Waves with these words wait for a moderator, also those that are there already.

        Old ones are gone through in the background, which may take minutes. What moderators have decided since, or have
        shown again for the same words, stays. Authors see that theirs are hidden.
        """
        view, new = await comments.limiting.add_filter(subject, data.words)
        return Response(view, status_code=201 if new else 200)

    @delete(
        "/{filter_id:uuid}",
        operation_id="FilterRemove",
        summary="Remove a filter",
        guards=WRITES,
        responses=problems(TEXTS, 401, 429, _403=_FOR_MODERATORS),
    )
    async def remove(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], filter_id: FromPath[UUID]
    ) -> None:
        """Let comments with these words be seen at once. What waits is decided by a moderator all the same."""
        await comments.limiting.remove_filter(subject, filter_id)


class LimitController(Controller):
    """Accounts whose comments and Waves are seen by themselves and moderators alone."""

    tags = ("Moderation",)

    @get(
        "/limits",
        operation_id="LimitList",
        summary="List who is limited",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
    )
    async def listed(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[LimitView]:
        """Return them, the latest first."""
        return await comments.limiting.limits(subject, cursor, limit)

    @put(
        "/limits/{account_id:uuid}",
        operation_id="LimitPut",
        summary="Limit somebody",
        status_code=204,
        guards=WRITES,
        responses=problems(
            TEXTS,
            400,
            401,
            413,
            429,
            503,
            _403=_FOR_MODERATORS,
            _404="There is no such account.",
            _422="`reason-refused`: the reason is too long or says nothing. `own-account`: it is your own.",
        ),
    )
    async def put(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        account_id: FromPath[UUID],
        data: JSONBody[Limiting],
    ) -> None:
        """Have nobody but moderators and themselves see what somebody writes and has written. They aren't told."""
        await comments.limiting.limit(subject, account_id, data.reason)

    @delete(
        "/limits/{account_id:uuid}",
        operation_id="LimitLift",
        summary="Limit somebody no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 429, _403=_FOR_MODERATORS),
    )
    async def lift(
        self, comments: NamedDependency[Comments], subject: NamedDependency[Subject], account_id: FromPath[UUID]
    ) -> None:
        """Have others see again what they write and have written."""
        await comments.limiting.lift(subject, account_id)

    @get(
        "/limits/{account_id:uuid}/comments",
        operation_id="LimitComments",
        summary="List what somebody has said",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
    )
    async def said(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        account_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[CommentView]:
        """Return their comments, the latest first, whether others see them or not."""
        return await comments.limiting.comments_of(subject, account_id, cursor, limit)
