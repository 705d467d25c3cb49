"""Events that Follows publishes, and the one of others that it handles."""

from typing import ClassVar, Literal
from uuid import UUID

from services.core import personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged


class FollowChanged(Event, frozen=True, kw_only=True):
    """Somebody follows somebody, asks to, or does neither any more.

    Attributes:
        version: Grows with what one follower does; of one pair the highest holds, also after `ended`.
    """

    KIND: ClassVar[str] = "follows.follow.changed"
    follower: UUID
    followee: UUID
    state: Literal["requested", "accepted", "ended"]
    version: int


class BlockChanged(Event, frozen=True, kw_only=True):
    """An account blocks another one, or doesn't any more. It holds in both directions.

    Attributes:
        version: Grows with what one account does; of one pair the highest holds.
    """

    KIND: ClassVar[str] = "follows.block.changed"
    account: UUID
    other: UUID
    blocked: bool
    version: int


class MuteChanged(Event, frozen=True, kw_only=True):
    """An account wants to see nothing of another one, or does again.

    Attributes:
        version: Grows with what one account does; of one pair the highest holds.
    """

    KIND: ClassVar[str] = "follows.mute.changed"
    account: UUID
    other: UUID
    muted: bool
    version: int


class TagChanged(Event, frozen=True, kw_only=True):
    """An account follows a tag, or doesn't any more.

    Attributes:
        tag: As it is compared, without `#`.
        version: Grows with what one account does; of an account and a tag the highest holds.
    """

    KIND: ClassVar[str] = "follows.tag.changed"
    account: UUID
    tag: str
    followed: bool
    version: int


class ProfileChanged(PersonChanged, frozen=True, kw_only=True):
    """Profiles: somebody is new or different to others.

    Attributes:
        private: Who wants to follow this account has to ask.
    """

    KIND: ClassVar[str] = "profiles.profile.changed"
    private: bool = False


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
