"""What I am told of."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.identity.subject import Subject
from services.notifications.controllers.rules import READS, TEXTS, WRITES
from services.notifications.schemas import NotificationView, ReadUpTo, Unread
from services.notifications.service import Notifications

_Seen = Annotated[
    UUID | None,
    QueryParameter(description="Its `position` as you have seen it: if something has happened since, it stays unread."),
]


class NotificationController(Controller):
    """What I am told of."""

    tags = ("Notifications",)

    @get(
        "/",
        operation_id="NotificationList",
        summary="List my notifications",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 403, 429),
    )
    async def listed(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[NotificationView]:
        """Return what others did that concerns me, grouped by subject and kind, the latest first."""
        return await notifications.reading.listed(subject, cursor, limit)

    @get(
        "/unread",
        operation_id="NotificationUnread",
        summary="Count my unread notifications",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unread(self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject]) -> Unread:
        """Return the number that a badge shows."""
        return await notifications.reading.unread(subject)

    @put(
        "/read",
        operation_id="NotificationReadAll",
        summary="Mark all notifications as read",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 413, 429),
    )
    async def mark_all(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        data: JSONBody[ReadUpTo],
    ) -> None:
        """Mark as read what I have seen, and nothing that has come since."""
        await notifications.reading.mark_all(subject, data.up_to)

    @put(
        "/{notification_id:uuid}/read",
        operation_id="NotificationRead",
        summary="Mark a notification as read",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 404, 429),
    )
    async def mark(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        notification_id: FromPath[UUID],
        position: _Seen = None,
    ) -> None:
        """Mark a notification as read; again, it does nothing."""
        await notifications.reading.mark(subject, notification_id, read=True, seen=position)

    @delete(
        "/{notification_id:uuid}/read",
        operation_id="NotificationUnreadAgain",
        summary="Mark a notification as unread",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def unmark(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        notification_id: FromPath[UUID],
    ) -> None:
        """Mark a notification as unread again; again, it does nothing."""
        await notifications.reading.mark(subject, notification_id, read=False)
