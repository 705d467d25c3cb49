"""Events that Comments publishes, and those of others that it handles."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged

State = Literal["shown", "deleted", "hidden"]


class CommentChanged(Event, frozen=True, kw_only=True):
    """A comment is new or different.

    Attributes:
        version: Grows with each change; of one comment the highest holds.
        thread: What is commented on.
        kind: What that is.
        owner: Whose it is.
        parent: What it answers; null at the top.
        answered: Who wrote the parent.
        text: Empty unless it is shown.
        mentions: Accounts that the text names.
    """

    KIND: ClassVar[str] = "comments.comment.changed"
    comment: UUID
    version: int
    thread: UUID
    kind: Literal["poll"]
    owner: UUID
    parent: UUID | None
    answered: UUID | None
    author: UUID
    text: str
    mentions: list[UUID]
    state: State
    created_at: datetime


class AccountLimited(Event, frozen=True, kw_only=True):
    """What somebody writes is seen by themselves and moderators alone, or by others again. They aren't told.

    Attributes:
        version: Grows with each change; of one account the highest holds.
    """

    KIND: ClassVar[str] = "comments.account.limited"
    account: UUID
    version: int
    limited: bool


class FilterChanged(Event, frozen=True, kw_only=True):
    """Moderators want to look at texts with some words before others see them, or don't any more.

    Attributes:
        filter: Its id; words that are filtered again get another one.
        words: As a moderator wrote them; empty when it is removed.
        key: As they are compared (`core/filters.py`).
        removed: For good.
    """

    KIND: ClassVar[str] = "comments.filter.changed"
    filter: UUID
    words: str
    key: str
    removed: bool


class ThreadFollowed(Event, frozen=True, kw_only=True):
    """Somebody wants to be told of what is said in a thread, or doesn't any more.

    Attributes:
        version: Grows with each change; of one account and thread the highest holds.
        following: They want it. The thread's owner does unless this says otherwise.
    """

    KIND: ClassVar[str] = "comments.thread.followed"
    thread: UUID
    account: UUID
    version: int
    following: bool


class PollChanged(Event, frozen=True, kw_only=True):
    """Polls: a published poll is new or different.

    Attributes:
        listing: `followers` for a poll of which nobody knows but who follows its owner, and the owner.
    """

    KIND: ClassVar[str] = "polls.poll.changed"
    poll: UUID
    version: int
    owner: UUID
    title: str
    listing: str = "public"
    deleted: bool


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
