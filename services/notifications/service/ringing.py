"""Something is new to some: let those have a mail, or a message to their devices, who want one of its kind."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.models import utc_now
from services.notifications.kinds import Kind
from services.notifications.repository.devices import DeviceRepository
from services.notifications.repository.mailboxes import MailboxRepository


async def ring(session: AsyncSession, kind: Kind, accounts: Collection[UUID]) -> None:
    """Let accounts be told of a kind outside of the app, in the transaction that tells them in it."""
    if accounts:
        await MailboxRepository(session).ring(kind, accounts)
        await DeviceRepository(session).ring(kind, accounts, utc_now())


async def tell(session: AsyncSession, kind: Kind, accounts: Collection[UUID]) -> None:
    """Let accounts know in the app, and outside of it, that there is something new of a kind."""
    await MailboxRepository(session).tell(kind, accounts)
    if accounts:
        await DeviceRepository(session).ring(kind, accounts, utc_now())
