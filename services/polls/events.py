"""Events that Polls publishes, and the one of others that it handles."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged
from services.polls.methods import Eligibility, Listing, Method, Strength, Visibility


class NoteFact(msgspec.Struct, frozen=True):
    """What the owner has added to a published poll."""

    text: str
    at: datetime


class OptionFact(msgspec.Struct, frozen=True):
    """An option as voters choose it. Ids are never reused, so there may be gaps between them."""

    id: int
    label: str


LARGE_BYTES = 4_000
"""Options and notes that are larger don't travel with the event: streams take so many bytes, and options are as
many and as long as their owner likes."""


class PollChanged(Event, frozen=True, kw_only=True):
    """A published poll is new or different; the whole of what others need, with a growing `version`.

    Parameters that the method doesn't know are 0, None or false. `options` and `notes` are None where they are too
    large to travel; who needs them asks Polls (`/internal/polls/ID/rules`), which has this version or a newer one.
    `question_version` is the version with which title, description or options last changed after publication, or 0.
    `hashtags` are those of title and description, as they are compared.
    """

    KIND: ClassVar[str] = "polls.poll.changed"
    poll: UUID
    version: int
    owner: UUID
    code: str
    title: str
    hashtags: list[str]
    notes: list[NoteFact] | None
    question_version: int
    method: Method
    options: list[OptionFact] | None
    listing: Listing
    seats: int
    min_picks: int
    max_picks: int
    max_score: int
    points: int
    max_ranks: int | None
    allow_ties: bool
    abstain: bool
    change: bool
    withdraw: bool
    anonymous: bool
    results: Visibility
    minimum: int
    eligibility: Eligibility
    strength: Strength
    quorum: int | None
    published_at: datetime
    opens_at: datetime
    closes_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    deleted: bool


class DraftDeleted(Event, frozen=True, kw_only=True):
    """A draft is gone, which nobody but its owner has seen: what was prepared for it goes with it."""

    KIND: ClassVar[str] = "polls.draft.deleted"
    poll: UUID


class PollOpened(Event, frozen=True, kw_only=True):
    """A poll has opened, at `at`. Told within a second; nothing may wait for it to take ballots."""

    KIND: ClassVar[str] = "polls.poll.opened"
    poll: UUID
    owner: UUID
    title: str
    at: datetime


class PollClosed(Event, frozen=True, kw_only=True):
    """A poll has closed, at `at`. Told within a second; nothing may wait for it to refuse ballots."""

    KIND: ClassVar[str] = "polls.poll.closed"
    poll: UUID
    owner: UUID
    title: str
    at: datetime


class ProfileChanged(PersonChanged, frozen=True, kw_only=True):
    """Profiles: somebody is new or different to others."""

    KIND: ClassVar[str] = "profiles.profile.changed"


class FollowChanged(circles.FollowChanged, frozen=True, kw_only=True):
    """Follows: somebody follows somebody, asks to, or does neither any more."""

    KIND: ClassVar[str] = "follows.follow.changed"


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
