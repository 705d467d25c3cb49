"""What there is of an account: erased when it is deleted, and exported for its owner."""

from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.core import circles
from services.core.ids import NOBODY
from services.core.personal import AT_ONCE, Part
from services.notifications.models import (
    Account,
    Block,
    Device,
    Follow,
    Following,
    Happening,
    Mailbox,
    Mute,
    Notification,
    Preference,
    Send,
    Thing,
    Watch,
)


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Erase some of what an account was told of and has done; say whether there may be more."""
    some = select(Notification.id).where(Notification.recipient == account).limit(AT_ONCE)
    told = await session.scalars(delete(Notification).where(Notification.id.in_(some)).returning(Notification.id))
    if told.first() is not None:
        return True
    await session.execute(delete(Happening).where(Happening.actor == account))
    await _leave_things(session, account)
    await session.execute(delete(Send).where(Send.actor == account))
    await session.execute(delete(Watch).where(Watch.account == account))
    await session.execute(delete(Following).where(Following.account == account))
    await session.execute(delete(Preference).where(Preference.account == account))
    await session.execute(delete(Device).where(Device.account == account))
    await session.execute(delete(Mailbox).where(Mailbox.account == account))
    await session.execute(delete(Account).where(Account.id == account))
    await circles.forget(session, account, Follow, Block, Mute)
    return False


async def _leave_things(session: AsyncSession, account: UUID) -> None:
    """Have an account's polls be nobody's, drop what else it has written, and have nothing name it."""
    await session.execute(delete(Thing).where(Thing.owner == account, Thing.type != "poll"))
    await session.execute(update(Thing).where(Thing.owner == account).values(owner=NOBODY))
    named = Thing.names.contains([account])
    await session.execute(update(Thing).where(named).values(names=func.array_remove(Thing.names, account)))


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    told = select(Notification.id, Notification.kind, Notification.subject, Notification.read)
    watched = select(Watch.poll).where(Watch.account == account)
    chosen = select(Mailbox.email, Mailbox.digest, Mailbox.zone, Mailbox.quiet_from, Mailbox.quiet_to)
    devices = select(Device.id, Device.label, Device.endpoint)
    return [
        Part("devices", devices.where(Device.account == account), Device.id),
        Part("mail", chosen.where(Mailbox.account == account), Mailbox.account),
        Part("notifications", told.where(Notification.recipient == account), Notification.id),
        Part("watched", watched, Watch.ordinal),
    ]
