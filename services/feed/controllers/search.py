"""Searching over HTTP."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter

from services.core.http.api import Cursor, Limit, problems
from services.core.http.limits import limit as limited
from services.core.identity.subject import Subject
from services.feed.languages import stemmer_of
from services.feed.schemas import FoundEntries, FoundPeople, FoundTags
from services.feed.service import Feed
from services.feed.words import MOST_CHARACTERS

_SEARCHES = limited("search", 300, per=60)

Looked = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="Words; each is the beginning of one that has to be there. The first eight count.",
    ),
]
Language = Annotated[
    str | None,
    HeaderParameter(name="Accept-Language", description="Words are found in other forms of the first language, too."),
]


class SearchController(Controller):
    """Finding polls, Waves, people and tags by words. Case and accents don't matter."""

    path = "/search"
    tags = ("Feed",)

    @get(
        "/polls",
        operation_id="SearchPolls",
        summary="Find polls by words of their titles",
        guards=[_SEARCHES],
        responses=problems({}, 400, 401, 429),
    )
    async def polls(
        self,
        feed: NamedDependency[Feed],
        viewer: NamedDependency[Subject | None],
        q: Looked,
        accept_language: Language = None,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> FoundEntries:
        """Return polls that feeds show to all, the newest first; with a token, without whom I block or mute."""
        return await feed.searching.entries("poll", viewer, q, stemmer_of(accept_language), cursor, limit)

    @get(
        "/waves",
        operation_id="SearchWaves",
        summary="Find Waves by their words",
        guards=[_SEARCHES],
        responses=problems({}, 400, 401, 429),
    )
    async def waves(
        self,
        feed: NamedDependency[Feed],
        viewer: NamedDependency[Subject | None],
        q: Looked,
        accept_language: Language = None,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> FoundEntries:
        """Return Waves that feeds show to all, the newest first; with a token, without whom I block or mute."""
        return await feed.searching.entries("wave", viewer, q, stemmer_of(accept_language), cursor, limit)

    @get(
        "/tags",
        operation_id="SearchTags",
        summary="Find tags",
        guards=[_SEARCHES],
        responses=problems({}, 400, 401, 429),
    )
    async def topics(
        self,
        feed: NamedDependency[Feed],
        viewer: NamedDependency[Subject | None],
        q: Looked,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> FoundTags:
        """Return tags of what feeds show to all, the one that was typed first; with a token, as Explore is."""
        return await feed.searching.tags(viewer, q, cursor, limit)

    @get(
        "/people",
        operation_id="SearchPeople",
        summary="Find people by their handles and names",
        guards=[_SEARCHES],
        responses=problems({}, 400, 401, 429),
    )
    async def people(
        self,
        feed: NamedDependency[Feed],
        viewer: NamedDependency[Subject | None],
        q: Looked,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> FoundPeople:
        """Return people, those whose handle it is first; with a token, without whom I block and those who block me."""
        return await feed.searching.people(viewer, q, cursor, limit)
