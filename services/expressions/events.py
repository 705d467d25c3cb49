"""Events that Expressions publishes, and those of others that it handles."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged

Visibility = Literal["public", "followers", "mentioned"]
ReactionKind = Literal["like", "clap", "emoji"]


class WaveChanged(Event, frozen=True, kw_only=True):
    """A Wave is new or different, or deleted; the whole of what others need to keep it.

    Attributes:
        wave: Its id, which is never given to another one.
        version: Grows with each change; the highest holds, also after `deleted`.
        text: At most 4,000 bytes; empty where it is deleted, and in a Ripple without words.
        poll: The poll that it brings along.
        ripple_of: The Wave that it shares on. A Ripple without words is nothing where that one can't be seen.
        visibility: What the author has chosen. Waves of a private account are for its followers at most.
        mentions: Accounts; they see the Wave whatever its visibility is.
        hashtags: As they are compared, without `#`.
        edited_at: When the text was last changed, None if it never was.
    """

    KIND: ClassVar[str] = "expressions.wave.changed"
    wave: UUID
    version: int
    author: UUID
    text: str
    poll: UUID | None
    ripple_of: UUID | None
    visibility: Visibility
    mentions: list[UUID]
    hashtags: list[str]
    created_at: datetime
    edited_at: datetime | None
    deleted: bool


class WaveModerated(Event, frozen=True, kw_only=True):
    """A Wave is hidden, by a filter or a moderator, or shown again. It is told for its author's sake.

    Attributes:
        version: The Wave's; of one Wave the highest holds.
    """

    KIND: ClassVar[str] = "expressions.wave.moderated"
    wave: UUID
    version: int
    author: UUID
    hidden: bool


class ReactionChanged(Event, frozen=True, kw_only=True):
    """Somebody reacts to a Wave, or doesn't any more.

    A deleted Wave loses its reactions without further events.

    Attributes:
        author: The Wave's.
        account: Who reacts.
        emoji: Of the kind `emoji`, while it stands.
        present: Whether it stands.
        version: Grows with each reaction to the Wave; of the counts, and of one account and kind, the highest holds.
        likes: How many stand now.
        claps: How many stand now.
        emojis: How many stand now, whichever they are.
    """

    KIND: ClassVar[str] = "expressions.reaction.changed"
    wave: UUID
    author: UUID
    account: UUID
    kind: ReactionKind
    emoji: str | None
    present: bool
    version: int
    likes: int
    claps: int
    emojis: int


class PollChanged(Event, frozen=True, kw_only=True):
    """Polls: a published poll is new or different."""

    KIND: ClassVar[str] = "polls.poll.changed"
    poll: UUID
    version: int
    owner: UUID
    listing: str = "public"
    deleted: bool


class ProfileChanged(PersonChanged, frozen=True, kw_only=True):
    """Profiles: somebody is new or different to others.

    Attributes:
        private: Only followers see what they publish.
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


class AccountLimited(Event, frozen=True, kw_only=True):
    """Comments: what somebody writes is seen by themselves alone, or by others again."""

    KIND: ClassVar[str] = "comments.account.limited"
    account: UUID
    version: int
    limited: bool


class FilterChanged(Event, frozen=True, kw_only=True):
    """Comments: moderators want to look at texts with some words before others see them, or don't any more."""

    KIND: ClassVar[str] = "comments.filter.changed"
    filter: UUID
    words: str
    key: str
    removed: bool


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
