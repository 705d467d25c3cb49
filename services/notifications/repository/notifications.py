"""Notifications, and what happened in each."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository
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

    async def keep_once(self, kind: Kind, subject: UUID, actor: UUID, recipients: Collection[UUID]) -> list[UUID]:
        """Tell many of the same; who was told of it before isn't told again.

        Returns:
            Those who were told.
        """
        ids = {recipient: new_id() for recipient in sorted(recipients)}
        if not ids:
            return []
        groups = [
            {"id": ids[one], "recipient": one, "kind": kind, "subject": subject, "ordinal": ids[one], "read": False}
            for one in ids
        ]
        added = insert(Notification).on_conflict_do_nothing().returning(Notification.id)
        told = (await self.session.scalars(added, groups)).all()
        if told:
            rows = [
                {"notification": one, "actor": actor, "cause": NO_CAUSE, "version": 1, "present": True, "told": True}
                for one in told
            ]
            await self.session.execute(insert(Happening), rows)
        added_ids = set(told)
        return [recipient for recipient in ids if ids[recipient] in added_ids]

    async def keep_new(self, kind: Kind, subject: UUID, actor: UUID, cause: UUID, recipients: Collection[UUID]) -> None:
        """Tell many of something that has happened to a subject, of which they may have been told before."""
        rows = [
            {"id": new, "recipient": one, "kind": kind, "subject": subject, "ordinal": new, "read": False}
            for one, new in ((recipient, new_id()) for recipient in sorted(recipients))
        ]
        if not rows:
            return
        new = insert(Notification)
        told = new.on_conflict_do_update(
            index_elements=["recipient", "kind", "subject"],
            set_={"ordinal": new.excluded.ordinal, "read": False},
        )
        groups = (await self.session.scalars(told.returning(Notification.id), rows)).all()
        keys = {"actor": actor, "cause": cause}
        happened = [{"notification": one, **keys, "version": 1, "present": True, "told": True} for one in groups]
        await self.session.execute(insert(Happening).on_conflict_do_nothing(), happened)

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

    async def listed(self, viewer: UUID, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
        """Return what a viewer is told of in the list, the latest first; one more than wanted."""
        where = {"viewer": viewer, "after": after or lists.BEFORE_ALL, "rows": limit + 1}
        return (await self.session.execute(lists.LISTED, where)).all()

    async def to_tell(self, channel: Channel, recipient: UUID, told: UUID, limit: int) -> Sequence[Row[Any]]:
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
