"""What I want to see less of, or not at all."""

from collections.abc import Sequence
from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import Guard

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import limit as limited
from services.core.identity.subject import Subject
from services.feed.schemas import HiddenView, LessView
from services.feed.service import Feed

_TEXTS = {
    403: "`guest-refused`: guests have no home feed. `missing-scope`: the token lacks `scope`.",
    429: "Too many requests, or `over-quota`: as many as one account may have.",
}
_WRITES: Sequence[Guard] = [requires("feed:write"), limited("feed-write", 120, per=60)]


class HiddenController(Controller):
    """What I have hidden."""

    path = "/hidden"
    tags = ("Feed",)

    @get(
        "/",
        operation_id="HiddenList",
        summary="List what I have hidden",
        guards=[ANY_TOKEN],
        responses=problems(_TEXTS, 400, 401, 403),
    )
    async def mine(
        self,
        feed: NamedDependency[Feed],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[HiddenView]:
        """Return what I have hidden, the newest first."""
        return await feed.wishing.hidden(subject, cursor, limit)

    @put(
        "/{thing:uuid}",
        operation_id="HiddenPut",
        summary="Hide something",
        status_code=204,
        guards=_WRITES,
        responses=problems(_TEXTS, 401, 403, 429),
    )
    async def hide(self, feed: NamedDependency[Feed], subject: NamedDependency[Subject], thing: FromPath[UUID]) -> None:
        """Leave a poll or Wave out of my feeds; searching still finds it. Again, it does nothing."""
        await feed.wishing.hide(subject, thing)

    @delete(
        "/{thing:uuid}",
        operation_id="HiddenDelete",
        summary="Hide something no longer",
        guards=_WRITES,
        responses=problems(_TEXTS, 401, 403, 429),
    )
    async def show(self, feed: NamedDependency[Feed], subject: NamedDependency[Subject], thing: FromPath[UUID]) -> None:
        """Let it be in my feeds again, where it was. Where it isn't hidden, it does nothing."""
        await feed.wishing.show(subject, thing)


class LessController(Controller):
    """Those of whom I want to see less."""

    path = "/less"
    tags = ("Feed",)

    @get(
        "/",
        operation_id="LessList",
        summary="List of whom I see less",
        guards=[ANY_TOKEN],
        responses=problems(_TEXTS, 400, 401, 403),
    )
    async def mine(
        self,
        feed: NamedDependency[Feed],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[LessView]:
        """Return those of whom I want to see less, the newest first."""
        return await feed.wishing.lessened(subject, cursor, limit)

    @put(
        "/{account:uuid}",
        operation_id="LessPut",
        summary="See less of somebody",
        status_code=204,
        guards=_WRITES,
        responses=problems(_TEXTS, 401, 403, 429),
    )
    async def lessen(
        self, feed: NamedDependency[Feed], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """Have the last of each day of theirs at home, and a lower rank. They don't learn of it."""
        await feed.wishing.lessen(subject, account)

    @delete(
        "/{account:uuid}",
        operation_id="LessDelete",
        summary="See as much of somebody as before",
        guards=_WRITES,
        responses=problems(_TEXTS, 401, 403, 429),
    )
    async def restore(
        self, feed: NamedDependency[Feed], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """See all of theirs again. Where it isn't less, it does nothing."""
        await feed.wishing.restore(subject, account)
