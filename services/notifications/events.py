"""Events of others that Notifications handles."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import field

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged


class CommentChanged(Event, frozen=True, kw_only=True):
    """Comments: a comment is new or different.

    Attributes:
        thread: The poll that is commented on.
        owner: Whose poll it is.
        answered: Who wrote what it answers; None at the top.
        text: Empty unless it is shown.
        mentions: Accounts that the text names.
        state: `shown`, `deleted` or `hidden`.
    """

    KIND: ClassVar[str] = "comments.comment.changed"
    comment: UUID
    version: int
    thread: UUID
    owner: UUID
    answered: UUID | None
    author: UUID
    text: str
    mentions: list[UUID] = field(default_factory=list)
    state: str
    created_at: datetime


class ThreadFollowed(Event, frozen=True, kw_only=True):
    """Comments: somebody wants to be told of what is said in a thread, or doesn't any more."""

    KIND: ClassVar[str] = "comments.thread.followed"
    thread: UUID
    account: UUID
    version: int
    following: bool


class WaveChanged(Event, frozen=True, kw_only=True):
    """Expressions: a Wave is new or different, or deleted.

    Attributes:
        ripple_of: The Wave that it shares on.
        visibility: `public`, `followers` or `mentioned`. Waves of a private account are for its followers at most.
        mentions: Accounts; they see the Wave whatever its visibility is.
    """

    KIND: ClassVar[str] = "expressions.wave.changed"
    wave: UUID
    version: int
    author: UUID
    text: str
    ripple_of: UUID | None
    visibility: str
    mentions: list[UUID]
    deleted: bool


class WaveModerated(Event, frozen=True, kw_only=True):
    """Expressions: a Wave is hidden, or shown again."""

    KIND: ClassVar[str] = "expressions.wave.moderated"
    wave: UUID
    version: int
    author: UUID
    hidden: bool


class ReactionChanged(Event, frozen=True, kw_only=True):
    """Expressions: somebody reacts to a Wave, or doesn't any more.

    Attributes:
        author: The Wave's.
        account: Who reacts.
        version: Of one account and kind the highest holds.
    """

    KIND: ClassVar[str] = "expressions.reaction.changed"
    wave: UUID
    author: UUID
    account: UUID
    kind: str
    present: bool
    version: int


class PollChanged(Event, frozen=True, kw_only=True):
    """Polls: a published poll is new or different.

    Attributes:
        listing: Whom it is for: `followers` are the owner's; others are seen by whoever has their link.
        opens_at: None in what was told of it before its times were.
        closed_at: When it was closed by hand, before or without `closes_at`.
    """

    KIND: ClassVar[str] = "polls.poll.changed"
    poll: UUID
    version: int
    owner: UUID
    title: str
    listing: str = "public"
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    archived_at: datetime | None = None
    deleted: bool


class PollOpened(Event, frozen=True, kw_only=True):
    """Polls: a poll has opened."""

    KIND: ClassVar[str] = "polls.poll.opened"
    poll: UUID
    owner: UUID
    at: datetime


class PollClosed(Event, frozen=True, kw_only=True):
    """Polls: a poll has closed."""

    KIND: ClassVar[str] = "polls.poll.closed"
    poll: UUID
    owner: UUID
    at: datetime


class MessageSent(Event, frozen=True, kw_only=True):
    """Messaging: somebody has sent a message.

    Attributes:
        seq: Its place in the conversation.
        recipients: Who is in the conversation, without the sender.
        requested: Whom it asks first.
    """

    KIND: ClassVar[str] = "messaging.message.sent"
    conversation: UUID
    seq: int
    sender: UUID
    recipients: list[UUID]
    requested: list[UUID]


class ConversationSeen(Event, frozen=True, kw_only=True):
    """Messaging: somebody has seen what was new to them in a conversation, has answered a request, or has left.

    Attributes:
        seq: Up to where in the conversation.
        left: They read nothing of it any more.
    """

    KIND: ClassVar[str] = "messaging.conversation.seen"
    account: UUID
    conversation: UUID
    seq: int
    left: bool


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


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"


class SessionsEnded(Event, frozen=True, kw_only=True):
    """Auth: somebody is signed out somewhere."""

    KIND: ClassVar[str] = "auth.sessions.ended"
    account: UUID
    sessions: list[UUID]
