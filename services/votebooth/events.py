"""Events of others that VoteBooth handles beside those of published polls (`poll/definition.py`)."""

from typing import ClassVar
from uuid import UUID

from services.core import circles, personal
from services.core.events.outbox import Event
from services.core.people import PersonChanged


class DraftDeleted(Event, frozen=True, kw_only=True):
    """Polls: a draft is gone."""

    KIND: ClassVar[str] = "polls.draft.deleted"
    poll: UUID


class ProfileChanged(PersonChanged, frozen=True, kw_only=True):
    """Profiles: somebody is new or different to others."""

    KIND: ClassVar[str] = "profiles.profile.changed"


class FollowChanged(circles.FollowChanged, frozen=True, kw_only=True):
    """Follows: somebody follows somebody, asks to, or does neither any more."""

    KIND: ClassVar[str] = "follows.follow.changed"


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Auth: an account is gone for good."""

    KIND: ClassVar[str] = "auth.account.deleted"
