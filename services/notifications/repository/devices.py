"""Browsers that are told by web push."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.core.data.compiled import Compiled
from services.core.data.repository import Repository
from services.notifications.delivery import PUSH_DELAY, Delivery, due_at
from services.notifications.kinds import Kind
from services.notifications.models import Account, Device, Mailbox
from services.notifications.repository import seen

PUSH_DUE = Compiled(select(func.min(Device.due_at) <= func.now()))
"""Whether a message to a device is due."""


class DeviceRepository(Repository[Device]):
    """Devices, by account."""

    model_type = Device

    async def put(
        self, account: UUID, same: bytes, values: Mapping[str, Any], replaces: UUID | None
    ) -> tuple[Device, int]:
        """Add an account's device, or change it; whosever it was, it is theirs. Their row is locked.

        Args:
            account: Whose.
            same: By which it is known.
            values: What is kept of it.
            replaces: A device of theirs in whose place it comes, if that is another one.

        Returns:
            It, and how many they have now.
        """
        # A lock that isn't an insertion's alone: the row may be there.
        held = insert(Account).values(id=account)
        await self.session.execute(held.on_conflict_do_update(index_elements=["id"], set_={"watches": Account.watches}))
        theirs = delete(Device).where(Device.same == same, Device.account != account)
        await self.session.execute(theirs)
        before = (Device.id == replaces, Device.account == account, Device.same != same)
        gone = delete(Device).where(*before).returning(Device.told, Device.due_at)
        if replaces is not None and (was := (await self.session.execute(gone)).first()) is not None:
            values = {**values, "told": was.told, "due_at": was.due_at}
        new = insert(Device).values(account=account, same=same, **values)
        changes = {name: new.excluded[name] for name in ("account", "label", "session", "signer")}
        # What it was told of, and what it waits for, stays: whoever opens the app adds it anew.
        kept = new.on_conflict_do_update(index_elements=["same"], set_={**changes, "tries": 0}).returning(Device)
        row = (await self.session.execute(kept)).scalar_one()
        count = select(func.count()).select_from(Device).where(Device.account == account)
        return row, int((await self.session.execute(count)).scalar_one())

    async def of(self, account: UUID) -> Sequence[Device]:
        """Return an account's devices, the latest first."""
        statement = select(Device).where(Device.account == account).order_by(Device.id.desc())
        return (await self.session.scalars(statement)).all()

    async def take_back(self, account: UUID, device: UUID) -> bool:
        """Remove an account's device; say whether there was one."""
        removed = delete(Device).where(Device.id == device, Device.account == account).returning(Device.id)
        return (await self.session.execute(removed)).first() is not None

    async def forget(self, account: UUID, sessions: Collection[UUID]) -> None:
        """Remove an account's devices that were added in some sessions."""
        await self.session.execute(delete(Device).where(Device.account == account, Device.session.in_(sessions)))

    async def ring(self, kind: Kind, accounts: Collection[UUID], now: datetime) -> None:
        """Let a message leave soon for those of some accounts' devices whose owners want to be told of a kind so.

        Where the last one couldn't be sent, it waits as long as it would have.
        """
        among = any_(bindparam("accounts", list(accounts), ARRAY(Uuid())))
        kind_asked: Any = bindparam("kind", kind, unique=True)
        chosen = (Mailbox.zone, Mailbox.quiet_from, Mailbox.quiet_to)
        statement = select(Device.id, *chosen).outerjoin(Mailbox, Mailbox.account == Device.account)
        later = or_(Device.due_at.is_(None), Device.due_at > now + PUSH_DELAY)
        statement = statement.where(Device.account == among, Device.tries == 0, later)
        statement = statement.where(seen.wanted("push", Device.account, kind_asked)).order_by(Device.id)
        rows = await self.session.execute(statement.with_for_update(of=Device, key_share=True))
        values = [{"id": row.id, "due_at": due_at(now, _delivery(row[1:]), PUSH_DELAY)} for row in rows]
        if values:
            await self.session.execute(update(Device), values)

    async def claim(self, now: datetime, again_at: datetime, most: int) -> Sequence[tuple[Device, Delivery]]:
        """Take devices to which a message is due; if nothing else is said of them, it is due again then.

        Returns:
            They, as they were, and what their owners have chosen.
        """
        due = select(Device.id).where(Device.due_at <= now).order_by(Device.due_at).limit(most)
        ids = (await self.session.scalars(due.with_for_update(skip_locked=True))).all()
        if not ids:
            return ()
        chosen = (Mailbox.zone, Mailbox.quiet_from, Mailbox.quiet_to)
        found = select(Device, *chosen).outerjoin(Mailbox, Mailbox.account == Device.account)
        rows = (await self.session.execute(found.where(Device.id.in_(ids)).order_by(Device.due_at, Device.id))).all()
        for row in rows:
            self.session.expunge(row[0])
        await self.session.execute(update(Device).where(Device.id.in_(ids)).values(due_at=again_at))
        return [(row[0], _delivery(row[1:])) for row in rows]

    async def done(self, device: Device, again_at: datetime, told: UUID, next_at: datetime | None) -> None:
        """Keep up to which ordinal a device was told; what has come since it was taken is due as it was planned.

        Args:
            device: As it was taken.
            again_at: When it was due again.
            told: The ordinal.
            next_at: When it is due if nothing has come since; None for never.
        """
        due = case((Device.due_at == again_at, next_at), else_=Device.due_at)
        values = {"told": func.greatest(Device.told, told), "tries": 0, "due_at": due}
        mine = (Device.id == device.id, Device.account == device.account)
        await self.session.execute(update(Device).where(*mine).values(**values))

    async def put_off(self, device: Device, moment: datetime, tries: int) -> None:
        """Let a device's message leave later."""
        mine = (Device.id == device.id, Device.account == device.account)
        await self.session.execute(update(Device).where(*mine).values(due_at=moment, tries=tries))

    async def drop(self, device: Device) -> None:
        """Forget a device that can't be told any more, unless it is somebody else's by now."""
        await self.session.execute(delete(Device).where(Device.id == device.id, Device.account == device.account))


def _delivery(chosen: Sequence[Any]) -> Delivery:
    """Return when somebody is told by web push: at once, but for quiet hours."""
    return Delivery() if chosen[0] is None else Delivery("none", *chosen)
