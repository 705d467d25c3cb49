"""Notifications of messages: one a conversation, told once until its recipient has read what is new in it.

A happening's version is the conversation's `seq` of what its actor wrote last. The recipient's own happening is never
shown: its version is the `seq` up to which they have seen the conversation; `told`, that they left it then. So events
come in any order.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.ids import new_id
from services.notifications.kinds import WRITTEN, Kind
from services.notifications.models import Happening, Notification
from services.notifications.repository.notifications import NO_CAUSE


class Arrived(NamedTuple):
    """What came of a message.

    Attributes:
        made: Who has a notification more.
        told: Whose notification has changed.
        news: To whom it is new.
    """

    made: list[UUID]
    told: list[UUID]
    news: list[UUID]


class LetterRepository:
    """Notifications whose subject is a conversation."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def arrive(
        self, kind: Kind, conversation: UUID, sender: UUID, recipients: Collection[UUID], seq: int
    ) -> Arrived:
        """Tell people that somebody wrote, by as many statements for many as for one.

        Who hasn't read what they were told of before isn't told again.
        """
        if not recipients:
            return Arrived([], [], [])
        ids = {recipient: new_id() for recipient in sorted(recipients)}
        held = await self._hold(kind, conversation, ids)
        accounts = {row.id: row.recipient for row in held}
        seen = await self._seen(accounts, seq)
        told = await self._write([row.id for row in held if not seen.get(row.id, False)], sender, seq)
        new = {row.id for row in held if row.read and row.id not in seen}.intersection(told)
        values: list[dict[str, Any]] = [{"id": each, "ordinal": new_id(), "read": False} for each in sorted(new)]
        if values:
            await self._session.execute(update(Notification), values)
        return Arrived(
            [recipient for recipient, made in ids.items() if made in accounts],
            [accounts[each] for each in told],
            [accounts[each["id"]] for each in values],
        )

    async def see(self, account: UUID, conversation: UUID, seq: int, *, left: bool) -> bool:
        """Keep up to where somebody has seen a conversation; say whether that changes what they are told of."""
        changed = False
        for kind in sorted(WRITTEN):
            mine = (Notification.recipient == account, Notification.kind == kind, Notification.subject == conversation)
            found = select(Notification.id, Notification.read).where(*mine).with_for_update()
            row = (await self._session.execute(found)).first()
            if row is None:
                if kind != "message":
                    continue
                [row] = await self._hold(kind, conversation, {account: new_id()})
            await self._mark_seen(row.id, account, seq, left=left)
            others = (Happening.notification == row.id, Happening.actor != account, Happening.present)
            if left:
                passed = update(Happening).where(*others, Happening.version <= seq).values(present=False)
                changed |= (await self._session.scalars(passed.returning(Happening.actor))).first() is not None
            later = select(Happening.actor).where(*others, Happening.version > seq).limit(1)
            if not row.read and (await self._session.execute(later)).first() is None:
                await self._session.execute(update(Notification).where(Notification.id == row.id).values(read=True))
                changed = True
        return changed

    async def _hold(self, kind: Kind, conversation: UUID, ids: dict[UUID, UUID]) -> list[Any]:
        """Return people's notifications of a conversation, held; those that there weren't are made as read ones."""
        rows = [
            {"id": made, "recipient": one, "kind": kind, "subject": conversation, "ordinal": made, "read": True}
            for one, made in ids.items()
        ]
        new = insert(Notification).values(rows)
        keys = ["recipient", "kind", "subject"]
        held = new.on_conflict_do_update(index_elements=keys, set_={"kind": new.excluded.kind})
        columns = (Notification.id, Notification.recipient, Notification.read)
        return list((await self._session.execute(held.returning(*columns))).all())

    async def _write(self, notifications: Collection[UUID], sender: UUID, seq: int) -> list[UUID]:
        """Keep that somebody wrote; return the notifications to which that is new."""
        if not notifications:
            return []
        rows = [_happening(one, sender, seq, present=True) for one in notifications]
        new = insert(Happening).values(rows)
        newer = new.on_conflict_do_update(
            index_elements=["notification", "actor", "cause"],
            set_={"version": new.excluded.version, "present": True, "told": True},
            where=Happening.version < new.excluded.version,
        )
        return list((await self._session.scalars(newer.returning(Happening.notification))).all())

    async def _seen(self, notifications: Collection[UUID], seq: int) -> dict[UUID, bool]:
        """Return those whose recipient has seen the conversation up to a position, and whether they left it then."""
        own = (Happening.actor == Notification.recipient, Happening.cause == NO_CAUSE, Happening.version >= seq)
        asked = select(Notification.id, Happening.told).join(Happening, Happening.notification == Notification.id)
        rows = await self._session.execute(asked.where(Notification.id.in_(notifications), *own))
        return {row.id: row.told for row in rows}

    async def _mark_seen(self, notification: UUID, account: UUID, seq: int, *, left: bool) -> None:
        new = insert(Happening).values({**_happening(notification, account, seq, present=False), "told": left})
        further = new.on_conflict_do_update(
            index_elements=["notification", "actor", "cause"],
            set_={"version": new.excluded.version, "told": new.excluded.told},
            where=Happening.version < new.excluded.version,
        )
        await self._session.execute(further)


def _happening(notification: UUID, actor: UUID, seq: int, *, present: bool) -> dict[str, Any]:
    """Return a happening as a row."""
    return {
        "notification": notification,
        "actor": actor,
        "cause": NO_CAUSE,
        "version": seq,
        "present": present,
        "told": present,
    }
