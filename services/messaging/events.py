"""Events that Messaging publishes, and those of others that it handles."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged


class MessageSent(Event, frozen=True, kw_only=True):
    """Somebody has sent a message. What it says isn't told: whoever may read it asks for it.

    Attributes:
        seq: Its place in the conversation.
        recipients: Who is in the conversation, without the sender.
        requested: Whom it asks first, because they don't follow the sender or haven't joined the group.
        answered: Who wrote the message that it replies to.
    """

    KIND: ClassVar[str] = "messaging.message.sent"
    message: UUID
    conversation: UUID
    kind: Literal["direct", "group"]
    seq: int
    sender: UUID
    recipients: list[UUID]
    requested: list[UUID]
    answered: UUID | None
    sent_at: datetime


class ConversationSeen(Event, frozen=True, kw_only=True):
    """Somebody has seen what was new to them in a conversation, has answered a request, or has left.

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
    """Profiles: somebody is new or different to others."""

    KIND: ClassVar[str] = "profiles.profile.changed"


class FollowChanged(circles.FollowChanged, frozen=True, kw_only=True):
    """Follows: somebody follows somebody, asks to, or does neither any more."""

    KIND: ClassVar[str] = "follows.follow.changed"


class BlockChanged(circles.BlockChanged, frozen=True, kw_only=True):
    """Follows: an account blocks another one, or doesn't any more."""

    KIND: ClassVar[str] = "follows.block.changed"


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
