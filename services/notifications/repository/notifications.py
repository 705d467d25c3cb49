"""Notifications, and what happened in each."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Uuid, delete, false, literal, select, true, update
from sqlalchemy.dialects.postgresql import Insert, insert

from services.core.data.repository import Repository, rows_of
from services.core.ids import new_id
from services.notifications.kinds import Channel, Kind
from services.notifications.models import Happening, Notification
from services.notifications.repository import lists

NO_CAUSE = UUID(int=0)


class Told(NamedTuple):
    """Something that somebody is told of.

    Attributes:
        cause: What tells the doings of one actor apart.
    """

    recipient: UUID
    kind: Kind
    subject: UUID
    actor: UUID
    cause: UUID = NO_CAUSE


class Kept(NamedTuple):
    """What came of it.

    Attributes:
        made: The recipient has a notification more.
        news: It is new to them.
    """

    made: bool
    news: bool


class NotificationRepository(Repository[Notification]):
    """Notifications."""

    model_type = Notification

    async def keep(self, told: Told, version: int, *, present: bool, anew: bool = False) -> Kept:
        """Keep that something happened, or doesn't stand any more, unless what is known of it is as new.

        Args:
            told: What.
            version: Of the event.
            present: It stands.
            anew: It is new each time that it stands again; otherwise, once.
        """
        group, is_new = await self._hold(told)
        happening = (Happening.notification == group, Happening.actor == told.actor, Happening.cause == told.cause)
        known = (
            await self.session.execute(select(Happening.version, Happening.told, Happening.present).where(*happening))
        ).first()
        if known is not None and known.version >= version:
            return Kept(is_new, news=False)
        was_told = known is not None and (known.present if anew else known.told)
        values = {"version": version, "present": present, "told": was_told or present}
        keys = {"notification": group, "actor": told.actor, "cause": told.cause}
        new = insert(Happening).values(**keys, **values)
        await self.session.execute(new.on_conflict_do_update(index_elements=list(keys), set_=values))
        if present and not was_told:
            await self.update_where(Notification.id == group, values={"ordinal": new_id(), "read": False})
        return Kept(is_new, present and not was_told)

    async def has(self, recipient: UUID, kind: Kind, subject: UUID) -> bool:
        """Say whether somebody was told of a kind about something, whether it stands or not."""
        return await self.exists(recipient=recipient, kind=kind, subject=subject)

    async def keep_once(self, kind: Kind, subject: UUID, actor: UUID, recipients: Collection[UUID]) -> list[UUID]:
        """Tell many of the same; who was told of it before isn't told again.

        Returns:
            Those who were told.
        """
        if not recipients:
            return []
        told = _groups(kind, subject, recipients).on_conflict_do_nothing()
        return await self._happened(told, actor, NO_CAUSE)

    async def keep_new(self, kind: Kind, subject: UUID, actor: UUID, cause: UUID, recipients: Collection[UUID]) -> None:
        """Tell many of something that has happened to a subject, of which they may have been told before."""
        if not recipients:
            return
        new = _groups(kind, subject, recipients)
        told = new.on_conflict_do_update(
            index_elements=["recipient", "kind", "subject"],
            set_={"ordinal": new.excluded.ordinal, "read": False},
        )
        await self._happened(told, actor, cause)

    async def _happened(self, groups: Insert, actor: UUID, cause: UUID) -> list[UUID]:
        """Write notifications, and in the same statement what has happened in them; return whose they are."""
        told = groups.returning(Notification.id, Notification.recipient).cte("told")
        row = {"actor": literal(actor), "cause": literal(cause), "version": literal(1)}
        row |= {"present": true(), "told": true()}
        happened = insert(Happening).from_select(["notification", *row], select(told.c.id, *row.values()))
        statement = select(told.c.recipient).add_cte(happened.on_conflict_do_nothing().cte("happened"))
        return list((await self.session.scalars(statement)).all())

    async def _hold(self, told: Told) -> tuple[UUID, bool]:
        """Return the notification for something, held, and whether it was made for it."""
        made = new_id()
        values = {"recipient": told.recipient, "kind": told.kind, "subject": told.subject}
        new = insert(Notification).values(id=made, ordinal=made, read=True, **values)
        keys = list(values)
        held = new.on_conflict_do_update(index_elements=keys, set_={"kind": told.kind}).returning(Notification.id)
        group: UUID = (await self.session.execute(held)).scalar_one()
        return group, group == made

    async def trim(self, recipient: UUID, most: int) -> None:
        """Remove the oldest of an account's notifications beyond so many."""
        oldest = (
            select(Notification.ordinal)
            .where(Notification.recipient == recipient)
            .order_by(Notification.ordinal.desc())
            .offset(most)
            .limit(1)
            .scalar_subquery()
        )
        await self.delete_where(Notification.recipient == recipient, Notification.ordinal <= oldest)

    async def forget(self, before: UUID, most: int) -> int:
        """Remove so many notifications whose latest event is older than an ordinal; return how many."""
        old = select(Notification.id).where(Notification.ordinal < before).order_by(Notification.ordinal).limit(most)
        removed = delete(Notification).where(Notification.id.in_(old.with_for_update(skip_locked=True)))
        return len((await self.session.scalars(removed.returning(Notification.id))).all())

    async def listed(self, viewer: UUID, after: UUID | None, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what a viewer is told of in the list, the latest first; one more than wanted."""
        where = {"viewer": viewer, "after": after or lists.BEFORE_ALL, "rows": limit + 1}
        return (await self.session.execute(lists.LISTED, where)).all()

    async def to_tell(
        self, channel: Channel, recipient: UUID, told: UUID, limit: int
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what somebody hasn't read and wasn't told of by a channel yet, the latest first; one more than wanted.

        Args:
            channel: `email` or `push`.
            recipient: Whom.
            told: The ordinal up to which they were told.
            limit: How many are wanted.
        """
        where = {"viewer": recipient, "told": told, "rows": limit + 1}
        return (await self.session.execute(lists.TO_TELL[channel], where)).all()

    async def unread(self, viewer: UUID, most: int) -> int:
        """Return how many of them are unread; `most` stands for that many or more."""
        where = {"viewer": viewer, "rows": most}
        return int((await self.session.execute(lists.UNREAD, where)).scalar_one())

    async def all_unread(self, viewers: Collection[UUID], most: int) -> dict[UUID, int]:
        """Return the same of some viewers, by one statement."""
        rows = await self.session.execute(lists.ALL_UNREAD, {"viewers": list(viewers), "rows": most})
        return {row.viewer: row.unread for row in rows}

    async def mark(self, viewer: UUID, notification: UUID, *, read: bool, seen: UUID | None = None) -> bool:
        """Mark a notification of a viewer's as read or unread; say whether there is one.

        Args:
            viewer: Whose it is.
            notification: Its id.
            read: As what.
            seen: The ordinal at which it was seen: what has happened since leaves it unread.
        """
        mine = (Notification.id == notification, Notification.recipient == viewer)
        as_seen = () if seen is None else (Notification.ordinal <= seen,)
        changed = update(Notification).where(*mine, *as_seen, Notification.read != read).values(read=read)
        await self.session.execute(changed)
        return await self.exists(*mine)

    async def mark_all(self, viewer: UUID, up_to: UUID) -> None:
        """Mark as read what has its place at an ordinal or before."""
        unread = (Notification.recipient == viewer, ~Notification.read, Notification.ordinal <= up_to)
        await self.session.execute(update(Notification).where(*unread).values(read=True))


def _groups(kind: Kind, subject: UUID, recipients: Collection[UUID]) -> Insert:
    """Return the statement that writes many people's notifications of one thing."""
    told = sorted(recipients)  # in one order, so that two who write the same don't wait for each other
    given = rows_of(("id", Uuid(), [new_id() for _ in told]), ("recipient", Uuid(), told))
    row: dict[str, Any] = {
        "id": given.c.id,
        "recipient": given.c.recipient,
        "kind": literal(kind),
        "subject": literal(subject),
    }
    row |= {"ordinal": given.c.id, "read": false()}
    return insert(Notification).from_select(list(row), select(*row.values()))
