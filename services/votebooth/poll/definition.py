"""A poll's definition, as Polls publishes it."""

import sys
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from services.core.events.outbox import Event

Method = Literal["single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points"]


_RANKED = ("max_ranks", "allow_ties")
_PARAMETERS: dict[Method, tuple[str, ...]] = {
    "single": (),
    "multiple": ("min_picks", "max_picks"),
    "approval": (),
    "score": ("max_score",),
    "star": ("max_score",),
    "irv": ("seats", *_RANKED),
    "stv": ("seats", *_RANKED),
    "schulze": _RANKED,
    "ranked_robin": _RANKED,
    "points": ("points",),
}
PARAMETERS = frozenset(name for names in _PARAMETERS.values() for name in names)


class PollOption(Struct, frozen=True):
    """An option; `id` is 1 or more, stable, never given to another."""

    id: int
    label: str


class PollNote(Struct, frozen=True):
    """What the owner has added to a published poll, and when."""

    text: str
    at: datetime


class _Poll(Event, frozen=True, kw_only=True):
    """What Polls tells of a published poll beside its options, at one of its growing versions.

    Attributes:
        code: Its link's; empty in what was published before codes came with the event.
        minimum: Minimum-k: with fewer ballots nothing is released.
        question_version: The version with which the question last changed after publication, or 0.
        closed_at: When it was closed by hand, before or without `closes_at`.
    """

    KIND: ClassVar[str] = "polls.poll.changed"

    poll: UUID
    version: int
    owner: UUID
    code: str = ""
    title: str
    question_version: int = 0
    method: Method
    seats: int = 1
    min_picks: int = 1
    max_picks: int = 1
    max_score: int = 5
    points: int = 100
    max_ranks: int | None = None
    allow_ties: bool = False
    abstain: bool = False
    change: bool = True
    withdraw: bool = True
    anonymous: bool = False
    listing: Literal["public", "unlisted", "followers"] = "public"
    results: Literal["always", "after_vote", "after_close", "owner"] = "always"
    minimum: int = 0
    eligibility: Literal["anyone", "signed_in", "followers", "roll", "tokens"] = "anyone"
    strength: Literal["account", "guest", "network"] = "account"
    quorum: int | None = None
    opens_at: datetime
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    archived_at: datetime | None = None
    deleted: bool = False

    @property
    def for_followers(self) -> bool:
        """Whether nobody knows of it but who follows its owner, and the owner."""
        return self.listing == "followers"

    @property
    def asks_follow(self) -> bool:
        """Whether nobody votes in it but who follows its owner, and the owner."""
        return self.for_followers or self.eligibility == "followers"

    @property
    def tells_who_voted(self) -> bool:
        """Whether others than the voter may know who has voted: under a minimum that would be a count below it."""
        return not self.anonymous and self.minimum <= 1

    @property
    def ends_at(self) -> datetime | None:
        """When voting ends or has ended; None while nobody knows."""
        return self.closed_at or self.closes_at


class PollChanged(_Poll, frozen=True, kw_only=True):
    """Polls: the whole public definition of a published poll, at one of its growing versions."""

    options: tuple[PollOption, ...]
    notes: tuple[PollNote, ...] = ()


def memory_of(poll: PollChanged) -> int:
    """Return about how many bytes of memory a definition takes."""
    notes = sum(200 + sys.getsizeof(note.text) for note in poll.notes)
    return 1_000 + notes + sum(100 + sys.getsizeof(option.label) for option in poll.options)


class PollNews(_Poll, frozen=True, kw_only=True):
    """The same as an event brings it: without options and notes where they are too large to travel."""

    options: tuple[PollOption, ...] | None
    notes: tuple[PollNote, ...] | None = ()

    def whole(self) -> PollChanged | None:
        """Return the definition, None if the options have to be asked for."""
        if self.options is None or self.notes is None:
            return None
        return PollChanged(**{name: getattr(self, name) for name in self.__struct_fields__})


def method_of(poll: _Poll) -> dict[str, Any]:
    """Return a poll's method as the API has it: an object with the parameters of its type."""
    return {"type": poll.method, **{name: getattr(poll, name) for name in _PARAMETERS[poll.method]}}
