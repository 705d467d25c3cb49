"""Events that Profiles publishes, and those of others that it handles."""

from typing import ClassVar
from uuid import UUID

from services.core import personal
from services.core.events.outbox import Event


class ProfileChanged(Event, frozen=True, kw_only=True):
    """A profile is new or different; it carries all that others show of a person.

    Attributes:
        private: Who wants to follow this account has to ask.
        deleted: The account is gone for good; handle and name are empty.
    """

    KIND: ClassVar[str] = "profiles.profile.changed"
    account: UUID
    version: int
    handle: str
    display_name: str
    avatar: str | None
    private: bool
    deleted: bool = False


class AccountOpened(Event, frozen=True, kw_only=True):
    """Auth: somebody is new here, a `user` or a `guest`."""

    KIND: ClassVar[str] = "auth.account.opened"
    account: UUID
    kind: str


class AccountUpgraded(Event, frozen=True, kw_only=True):
    """Auth: a guest has become a user."""

    KIND: ClassVar[str] = "auth.account.upgraded"
    account: UUID


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
