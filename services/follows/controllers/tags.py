"""Following tags."""

from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import PathParameter

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.follows.controllers.rules import READS_OF_OTHERS, TEXTS, WRITES
from services.follows.schemas import TagRelationView, TagView
from services.follows.service import Follows

_TEXTS = {**TEXTS, 422: "`not-a-tag`: a tag consists of letters, digits and _, and not of digits alone."}
Tag = Annotated[
    str,
    PathParameter(max_length=100, description="With or without `#`; it is compared as tags are."),
]


class TagController(Controller):
    """Tags that I follow."""

    path = "/tags"
    tags = ("Follows",)

    @get(
        "/",
        operation_id="FollowedTagList",
        summary="List the tags that I follow",
        guards=[ANY_TOKEN],
        responses=problems(_TEXTS, 400, 401, 403),
    )
    async def mine(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[TagView]:
        """Return the tags that I follow, the newest first."""
        return await follows.tagging.mine(subject, cursor, limit)

    @get(
        "/{tag:str}",
        operation_id="FollowedTagGet",
        summary="See whether I follow a tag",
        guards=READS_OF_OTHERS,
        responses=problems(_TEXTS, 400, 401, 403, 422, 429),
    )
    async def relation(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], tag: Tag
    ) -> TagRelationView:
        """Return how many follow a tag, and whether I do."""
        return await follows.tagging.relation(subject, tag)

    @put(
        "/{tag:str}",
        operation_id="FollowedTagPut",
        summary="Follow a tag",
        status_code=200,
        guards=WRITES,
        responses=problems(_TEXTS, 400, 401, 403, 422, 429),
    )
    async def follow(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], tag: Tag
    ) -> TagRelationView:
        """Let what is tagged so, and for everybody, come into my home feed. Again, it does nothing."""
        await follows.tagging.follow(subject, tag)
        return await follows.tagging.relation(subject, tag)

    @delete(
        "/{tag:str}",
        operation_id="FollowedTagDelete",
        summary="Follow a tag no longer",
        guards=WRITES,
        responses=problems(_TEXTS, 400, 401, 403, 422, 429),
    )
    async def unfollow(self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], tag: Tag) -> None:
        """Follow a tag no longer. Where I don't follow it, it does nothing."""
        await follows.tagging.unfollow(subject, tag)
