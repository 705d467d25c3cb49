"""Events of others that Feed handles."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import field

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged


class PollChanged(Event, frozen=True, kw_only=True):
    """Polls: a published poll is new or different.

    Attributes:
        listing: `public`, `followers`, or another value for polls that lists leave out.
        hashtags: Of title and description, as they are compared; none in events from before they were told.
        eligibility: Who may vote; lists leave some out, whatever their listing is.
        published_at: None in events from before it was told.
    """

    KIND: ClassVar[str] = "polls.poll.changed"
    poll: UUID
    version: int
    owner: UUID
    title: str
    hashtags: list[str] = field(default_factory=list)
    eligibility: str
    listing: str = "public"
    published_at: datetime | None = None
    archived_at: datetime | None
    deleted: bool


class WaveChanged(Event, frozen=True, kw_only=True):
    """Expressions: a Wave is new or different, or deleted.

    Attributes:
        hashtags: As they are compared.
        poll: The poll that it brings along; None in events from before it was told.
        ripple_of: The Wave that it shares on; without a text and a poll it does nothing else.
        visibility: `public` and `followers`, or for fewer. Waves of a private account are for its followers at most.
    """

    KIND: ClassVar[str] = "expressions.wave.changed"
    wave: UUID
    version: int
    author: UUID
    text: str
    hashtags: list[str] = field(default_factory=list)
    poll: UUID | None = None
    ripple_of: UUID | None
    visibility: str
    created_at: datetime
    deleted: bool


class ProfileChanged(PersonChanged, frozen=True, kw_only=True):
    """Profiles: somebody is new or different to others.

    Attributes:
        private: What they write is for those who follow them.
    """

    KIND: ClassVar[str] = "profiles.profile.changed"
    private: bool = False


class FollowChanged(circles.FollowChanged, frozen=True, kw_only=True):
    """Follows: somebody follows somebody, asks to, or does neither any more."""

    KIND: ClassVar[str] = "follows.follow.changed"


class BlockChanged(circles.BlockChanged, frozen=True, kw_only=True):
    """Follows: an account blocks another one, or doesn't any more."""

    KIND: ClassVar[str] = "follows.block.changed"


class MuteChanged(circles.MuteChanged, frozen=True, kw_only=True):
    """Follows: an account wants to see nothing of another one, or does again."""

    KIND: ClassVar[str] = "follows.mute.changed"


class TagChanged(Event, frozen=True, kw_only=True):
    """Follows: an account follows a tag, or doesn't any more."""

    KIND: ClassVar[str] = "follows.tag.changed"
    account: UUID
    tag: str
    followed: bool
    version: int


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
