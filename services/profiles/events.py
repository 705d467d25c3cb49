"""Events that Profiles publishes, and its handlers of others'."""

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import Event

if TYPE_CHECKING:
    from services.profiles.service import Profiles


class ProfileChanged(Event, frozen=True, kw_only=True):
    """A profile is new or different; it carries all that others show of a person."""

    KIND: ClassVar[str] = "profiles.profile.changed"
    account: UUID
    version: int
    handle: str
    display_name: str


class AccountOpened(Event, frozen=True, kw_only=True):
    """Auth: somebody is new here, a `user` or a `guest`."""

    KIND: ClassVar[str] = "auth.account.opened"
    account: UUID
    kind: str


class AccountUpgraded(Event, frozen=True, kw_only=True):
    """Auth: a guest has become a user."""

    KIND: ClassVar[str] = "auth.account.upgraded"
    account: UUID


async def on_account_opened(profiles: "Profiles", transaction: AsyncSession, event: AccountOpened) -> None:
    """Give a new user a profile; guests have none."""
    if event.kind == "user":
        await profiles.ensure(transaction, event.account)


async def on_account_upgraded(profiles: "Profiles", transaction: AsyncSession, event: AccountUpgraded) -> None:
    """Give somebody who was a guest a profile."""
    await profiles.ensure(transaction, event.account)
