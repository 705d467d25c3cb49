"""Feeds over HTTP."""

from typing import Annotated, Literal

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.http.limits import limit as limited
from services.core.identity.subject import Subject
from services.feed.schemas import EntryView, TrendsView
from services.feed.service import Feed

Tag = Annotated[str, PathParameter(max_length=100, description="With or without `#`; it is compared as tags are.")]

Order = Annotated[
    Literal["newest", "ranked"],
    QueryParameter(description="The newest first, or by rank, in an order that stays as it was on the first page."),
]

_READS = limited("feed-read", 600, per=60)


class FeedController(Controller):
    """What I come across."""

    tags = ("Feed",)

    @get(
        "/home",
        operation_id="FeedHome",
        summary="See my home feed",
        guards=[ANY_TOKEN, _READS],
        responses=problems(
            {410: "`order-gone`: this order isn't kept any more; read the first page again."},
            400,
            401,
            410,
            429,
            _403="`guest-refused`: guests follow nobody, so they have no home feed.",
        ),
    )
    async def home(
        self,
        feed: NamedDependency[Feed],
        subject: NamedDependency[Subject],
        order: Order = "newest",
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[EntryView]:
        """Return what people whom I follow, and I, have published, and what has tags that I follow, the newest first.

        The feed ends where `next` is null, and nowhere else.
        """
        if order == "ranked":
            return await feed.reading.ranked(subject, cursor, limit)
        return await feed.reading.home(subject, cursor, limit)

    @get(
        "/explore",
        operation_id="FeedExplore",
        summary="See what is new",
        guards=[_READS],
        responses=problems({}, 400, 401, 429),
    )
    async def explore(
        self,
        feed: NamedDependency[Feed],
        viewer: NamedDependency[Subject | None],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[EntryView]:
        """Return what anybody has published for all, the newest first; with a token, without whom I block or mute."""
        return await feed.reading.explore(viewer, cursor, limit)

    @get(
        "/tags/{tag:str}",
        operation_id="FeedTag",
        summary="See what has a tag",
        guards=[_READS],
        responses=problems({404: "This is no tag."}, 400, 401, 404, 429),
    )
    async def tagged(
        self,
        feed: NamedDependency[Feed],
        viewer: NamedDependency[Subject | None],
        tag: Tag,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[EntryView]:
        """Return polls and Waves for all that have a tag, the newest first; with a token, as Explore is."""
        return await feed.reading.tagged(viewer, tag, cursor, limit)

    @get(
        "/trends",
        operation_id="FeedTrends",
        summary="See what many speak of",
        guards=[_READS],
        responses=problems({}, 400, 401, 429),
    )
    async def trends(self, feed: NamedDependency[Feed], limit: Limit = 20) -> TrendsView:
        """Return tags that many people use these days, the liveliest first; it is reckoned anew every minute."""
        return await feed.reading.trends(limit)
