"""Events that Auth publishes; it consumes none."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.core.events.outbox import Event
from services.core.identity.subject import Kind


class AccountOpened(Event, frozen=True, kw_only=True):
    """Somebody is new here."""

    KIND: ClassVar[str] = "auth.account.opened"
    account: UUID
    kind: Kind
    at: datetime


class AccountUpgraded(Event, frozen=True, kw_only=True):
    """A guest has become a user; the id is the same."""

    KIND: ClassVar[str] = "auth.account.upgraded"
    account: UUID
    at: datetime


class AccountDeleted(Event, frozen=True, kw_only=True):
    """An account is gone for good: each service erases what it has of it, or makes it nobody's.

    Attributes:
        last: It was told before, and no event that speaks of the account can come after this one.
    """

    KIND: ClassVar[str] = "auth.account.deleted"
    account: UUID
    last: bool


class SessionsEnded(Event, frozen=True, kw_only=True):
    """Somebody is signed out: by themselves, by a new password, or because a refresh token was stolen.

    Attributes:
        sessions: Those that have ended, and API keys that were deleted. Sessions that run out aren't told of.
    """

    KIND: ClassVar[str] = "auth.sessions.ended"
    account: UUID
    sessions: list[UUID]
