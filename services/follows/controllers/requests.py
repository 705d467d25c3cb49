"""Requests to follow private accounts."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.follows.controllers.rules import TEXTS, WRITES
from services.follows.schemas import ConnectionView, RelationView
from services.follows.service import Follows


class RequestController(Controller):
    """Requests to follow private accounts."""

    path = "/requests"
    tags = ("Follows",)

    @get(
        "/",
        operation_id="RequestList",
        summary="List who asks to follow me",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def received(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return those who wait for my answer, the newest first."""
        return await follows.reading.requests(subject, cursor, limit)

    @get(
        "/sent",
        operation_id="RequestSentList",
        summary="List whom I ask to follow",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def sent(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return those whose answer I wait for, the newest first."""
        return await follows.reading.requests_sent(subject, cursor, limit)

    @put(
        "/{account:uuid}",
        operation_id="RequestAccept",
        summary="Accept a request",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429, _404="They don't ask to follow me."),
    )
    async def accept(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> RelationView:
        """Let somebody follow me who asks to. If they follow already, it does nothing."""
        await follows.requests.accept(subject, account)
        return await follows.reading.relation(subject, account)

    @delete(
        "/{account:uuid}",
        operation_id="RequestDecline",
        summary="Decline a request",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def decline(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """Decline a request, which isn't told. Where there is none, it does nothing."""
        await follows.requests.decline(subject, account)
