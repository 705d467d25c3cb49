"""Following people, and who follows whom."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.http.limits import limit as limited
from services.core.identity.subject import Subject
from services.follows.controllers.rules import READS_OF_OTHERS, TEXTS, WRITES
from services.follows.schemas import (
    ConnectionView,
    CountsView,
    RelationsView,
    RelationsWanted,
    RelationView,
    SuggestionsView,
)
from services.follows.service import Follows

_BATCH = limited("follows-batch", 6_000, per=60, unit="people")
_PRIVATE = "`guest-refused`: guests follow nobody. `private-account`: only those who follow it see this."


class FollowController(Controller):
    """Following people, and who follows whom."""

    tags = ("Follows",)

    @get(
        "/me",
        operation_id="FollowCounts",
        summary="See my counts",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 401, 403),
    )
    async def counts(self, follows: NamedDependency[Follows], subject: NamedDependency[Subject]) -> CountsView:
        """Return how many follow me, whom I follow, and so on."""
        return await follows.reading.counts(subject)

    @get(
        "/people/{account:uuid}",
        operation_id="FollowRelation",
        summary="See how somebody and I stand to each other",
        guards=READS_OF_OTHERS,
        responses=problems(TEXTS, 401, 403, 404, 429, 503),
    )
    async def relation(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> RelationView:
        """Return whether I follow them, they me, and their counts."""
        return await follows.reading.relation(subject, account)

    @post(
        "/people/batch",
        operation_id="FollowRelations",
        summary="See how many people and I stand to each other",
        status_code=200,
        guards=[ANY_TOKEN, _BATCH],
        responses=problems(TEXTS, 400, 401, 403, 413, 415, 429),
    )
    async def relations(
        self,
        request: Request[Any, Any, Any],
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        data: JSONBody[RelationsWanted],
    ) -> RelationsView:
        """Return it for up to 100 people, for lists. Who isn't there, or blocks me, is left out.

        Each one weighs as much as a request.
        """
        await _BATCH.take(request, len(data.people) - 1)  # which has counted one already
        return RelationsView(await follows.reading.relations(subject, data.people))

    @get(
        "/suggestions",
        operation_id="FollowSuggestions",
        summary="See whom I may want to follow",
        guards=[ANY_TOKEN, limited("follows-suggestions", 60, per=60)],
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def suggestions(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        limit: Limit = 20,
    ) -> SuggestionsView:
        """Return whom those whom I follow follow, the most common first; then those with the most followers."""
        return SuggestionsView(await follows.reading.suggestions(subject, limit))

    @put(
        "/people/{account:uuid}",
        operation_id="FollowPut",
        summary="Follow somebody",
        guards=WRITES,
        responses=problems(
            TEXTS, 401, 403, 404, 422, 429, 503, _409="`you-block-them`: you block this person; unblock them first."
        ),
    )
    async def follow(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> RelationView:
        """Follow somebody, or ask to if their account is private. Again, it does nothing."""
        await follows.following.follow(subject, account)
        return await follows.reading.relation(subject, account)

    @delete(
        "/people/{account:uuid}",
        operation_id="FollowDelete",
        summary="Follow somebody no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unfollow(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """Follow somebody no longer, or withdraw a request. Where there is none, it does nothing."""
        await follows.following.unfollow(subject, account)

    @delete(
        "/followers/{account:uuid}",
        operation_id="FollowerRemove",
        summary="Remove a follower",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def remove(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """End that somebody follows me, or asks to. They can follow again, unless I block them."""
        await follows.following.remove(subject, account)

    @get(
        "/people/{account:uuid}/followers",
        operation_id="FollowerList",
        summary="List who follows somebody",
        guards=READS_OF_OTHERS,
        responses=problems(TEXTS, 400, 401, 404, 429, 503, _403=_PRIVATE),
    )
    async def followers(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        account: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return who follows somebody, the newest first, without those who block me or whom I block."""
        return await follows.reading.connections(subject, account, "followers", cursor, limit)

    @get(
        "/people/{account:uuid}/following",
        operation_id="FollowingList",
        summary="List whom somebody follows",
        guards=READS_OF_OTHERS,
        responses=problems(TEXTS, 400, 401, 404, 429, 503, _403=_PRIVATE),
    )
    async def following(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        account: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return whom somebody follows, the newest first, without those who block me or whom I block."""
        return await follows.reading.connections(subject, account, "following", cursor, limit)

    @get(
        "/mutuals",
        operation_id="MutualList",
        summary="List those who follow me back",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def mutuals(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return those whom I follow and who follow me."""
        return await follows.reading.mutuals(subject, cursor, limit)
