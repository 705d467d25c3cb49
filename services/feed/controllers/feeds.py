"""Feeds over HTTP."""

from litestar import Controller, get
from litestar.di import NamedDependency

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.http.limits import limit as limited
from services.core.identity.subject import Subject
from services.feed.schemas import EntryView
from services.feed.service import Feed

_READS = limited("feed-read", 600, per=60)


class FeedController(Controller):
    """What I come across."""

    tags = ("Feed",)

    @get(
        "/home",
        operation_id="FeedHome",
        summary="See my home feed",
        guards=[ANY_TOKEN, _READS],
        responses=problems({}, 400, 401, 429, _403="`guest-refused`: guests follow nobody, so they have no home feed."),
    )
    async def home(
        self,
        feed: NamedDependency[Feed],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[EntryView]:
        """Return what people whom I follow, and I, have published, and what has tags that I follow, the newest first.

        The feed ends where `next` is null, and nowhere else.
        """
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
