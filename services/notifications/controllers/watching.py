"""Polls that I watch."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.identity.subject import Subject
from services.notifications.controllers.rules import READS, TEXTS, WRITES
from services.notifications.schemas import WatchedPoll, Watching
from services.notifications.service import Notifications


class WatchController(Controller):
    """Polls that I watch: I am told when they open and close."""

    path = "/polls"
    tags = ("Notifications",)

    @get(
        "/",
        operation_id="WatchList",
        summary="List the polls that I watch",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 403, 429),
    )
    async def mine(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[WatchedPoll]:
        """Return them, the latest first; those that I may not see any more are left out."""
        return await notifications.watches.mine(subject, cursor, limit)

    @get(
        "/{poll_id:uuid}",
        operation_id="WatchRead",
        summary="See whether I watch a poll",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def one(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject], poll_id: FromPath[UUID]
    ) -> Watching:
        """Return whether I do."""
        return await notifications.watches.one(subject, poll_id)

    @put(
        "/{poll_id:uuid}",
        operation_id="WatchPut",
        summary="Watch a poll",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429, 503),
    )
    async def watch(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject], poll_id: FromPath[UUID]
    ) -> None:
        """Be told when the poll opens and closes. Again, it does nothing."""
        await notifications.watches.put(subject, poll_id)

    @delete(
        "/{poll_id:uuid}",
        operation_id="WatchDelete",
        summary="Watch a poll no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unwatch(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject], poll_id: FromPath[UUID]
    ) -> None:
        """Be told of it no longer. Where it isn't watched, it does nothing."""
        await notifications.watches.take_back(subject, poll_id)
