"""Notifications as their recipient reads them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from services.core.data.pagination import Page, decode_cursor, page_of
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.live.hub import Hub
from services.core.people import People, PersonView
from services.core.problems import not_found
from services.notifications.kinds import ABOUT_ME, WRITTEN, Kind
from services.notifications.live import MOST_UNREAD, stream_of
from services.notifications.moments import moment_of
from services.notifications.repository.lists import MOST_PEOPLE
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.schemas import NotificationView, SubjectType, SubjectView, Unread
from services.notifications.settings import NotificationsSettings

_LIST = "notifications"
_NAMED = 3


class Reading:
    """Lists, the number of unread ones, and marking them."""

    def __init__(self, kit: Kit[NotificationsSettings], people: People, hub: Hub) -> None:
        self._db = kit.db
        self._hub = hub
        self._people = people

    async def listed(self, subject: Subject, cursor: str | None, limit: int) -> Page[NotificationView]:
        """Return a page of what the subject is told of, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        after = decode_cursor(cursor, UUID, _LIST)
        async with self._db.reading() as session:
            rows = await NotificationRepository(session).listed(subject.id, after, limit)
        page = page_of(rows, limit, lambda row: row.ordinal, _LIST)
        return Page(await self.views(page.items, subject.id), page.next)

    async def views(self, rows: Sequence[Any], recipient: UUID) -> list[NotificationView]:
        """Return rows of lists as they go over the wire, with people named."""
        people = await self._people.of(actor for row in rows for actor in _named(row, recipient))
        return [_view(row, recipient, people) for row in rows]

    async def unread(self, subject: Subject) -> Unread:
        """Return how many notifications are unread."""
        subject.require_user()
        async with self._db.reading() as session:
            return Unread(await NotificationRepository(session).unread(subject.id, MOST_UNREAD))

    async def mark(self, subject: Subject, notification: UUID, *, read: bool, seen: UUID | None = None) -> None:
        """Mark a notification as read or unread; again, it does nothing.

        Args:
            subject: Whose it is.
            notification: Its id.
            read: As what.
            seen: The position at which it was seen: what has happened since leaves it unread.

        Raises:
            Problem: 404.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            if not await NotificationRepository(session).mark(subject.id, notification, read=read, seen=seen):
                raise not_found("notification")
            await MailboxRepository(session).advance([subject.id])
        self._hub.changed(stream_of(subject.id))

    async def mark_all(self, subject: Subject, up_to: UUID) -> None:
        """Mark as read what has this position or an earlier one."""
        subject.require_user()
        async with self._db.transaction() as session:
            await NotificationRepository(session).mark_all(subject.id, up_to)
            await MailboxRepository(session).advance([subject.id])
        self._hub.changed(stream_of(subject.id))


def _named(row: Any, viewer: UUID) -> list[UUID]:
    """Return whom a notification names: the last who did something, without the viewer."""
    return [actor for actor in dict.fromkeys(row.actors) if actor != viewer][:_NAMED]


def _view(row: Any, viewer: UUID, people: Mapping[UUID, PersonView]) -> NotificationView:
    named = _named(row, viewer)
    return NotificationView(
        id=row.id,
        kind=cast(Kind, row.kind),
        position=row.ordinal,
        at=moment_of(row.ordinal),
        read=row.read,
        subject=_subject(row),
        people=[people[actor] for actor in named],
        people_count=min(row.people, MOST_PEOPLE) if named else 0,
    )


def _subject(row: Any) -> SubjectView:
    if row.kind in ABOUT_ME:
        return SubjectView("account", row.subject, "", None, "")
    if row.kind in WRITTEN:
        return SubjectView("conversation", row.subject, "", None, "")
    poll = row.of if row.type == "comment" else None
    return SubjectView(cast(SubjectType, row.type), row.subject, row.text, poll, row.text_of or "" if poll else "")
