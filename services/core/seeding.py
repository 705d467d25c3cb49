"""What `votewave seed` fills a place with, and how services take part.

A service that has something to seed writes its own tables in bulk; what it does stands among the steps:

    "follows": ("follows", seed_follows)                                     # STEPS of services/seed/filling.py

    async def seed_follows(follows: Follows, network: Network, tell: Tell) -> None:   # seeding.py
        for some in parts(network.follows(), 1_000):
            ...                                    # one transaction
            await tell(events, done=len(some))     # what its ordinary use case would have published

What is told goes through the other services' own handlers (`Handler.past`), so their projections are what they would
be, and nobody is notified of what is long past. Each step may be done again: it adds what is missing.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from services.core.events.outbox import Event

T = TypeVar("T")


class SeedError(Exception):
    """It can't be seeded here; the message says why."""


class Person(NamedTuple):
    """Somebody who signs in with `email` and the password of all.

    Attributes:
        private: Who wants to follow them has to ask.
    """

    id: UUID
    handle: str
    name: str
    bio: str
    email: str
    joined_at: datetime
    private: bool = False


class Block(NamedTuple):
    """Somebody wants nothing to do with somebody; neither follows the other."""

    account: UUID
    other: UUID
    at: datetime


class Follows(NamedTuple):
    """Whom somebody follows, whom they ask whether they may, and since when."""

    follower: UUID
    followees: Sequence[tuple[UUID, datetime]]
    asked: Sequence[tuple[UUID, datetime]] = ()


class Poll(NamedTuple):
    """A published poll.

    Attributes:
        method: Its type and parameters, as a request has them.
        rules: Those that aren't the defaults, as a request has them.
        closes_at: None if it stays open.
        closed: Its owner closes it, once all have voted.
    """

    id: UUID
    owner: UUID
    title: str
    description: str
    method: Mapping[str, Any]
    options: Sequence[str]
    rules: Mapping[str, Any]
    published_at: datetime
    closes_at: datetime | None
    closed: bool = False


class Vote(NamedTuple):
    """A ballot, as a request has it."""

    poll: UUID
    voter: UUID
    ballot: Mapping[str, Any]


class Reaction(NamedTuple):
    """Somebody reacts to a Wave."""

    account: UUID
    kind: str
    emoji: str | None
    at: datetime


class Ripple(NamedTuple):
    """Somebody shares a Wave on without words."""

    id: UUID
    account: UUID
    at: datetime


class Wave(NamedTuple):
    """A public Wave, who reacts to it, each account once in each kind, and who shares it on, each once."""

    id: UUID
    author: UUID
    text: str
    poll: UUID | None
    at: datetime
    reactions: Sequence[Reaction]
    ripples: Sequence[Ripple]


class Comment(NamedTuple):
    """A comment, and who supports it.

    Attributes:
        answers: The position in its thread of the comment that it answers, which stands before it.
    """

    id: UUID
    author: UUID
    text: str
    answers: int | None
    at: datetime
    supporters: Sequence[UUID]


class Thread(NamedTuple):
    """What is said about a poll."""

    poll: UUID
    comments: Sequence[Comment]


class Network(Protocol):
    """People and all that they have done; each method gives the same each time."""

    @property
    def people(self) -> Sequence[Person]:
        """Return everybody."""
        ...

    @property
    def polls(self) -> Sequence[Poll]:
        """Return every poll."""
        ...

    @property
    def password(self) -> str:
        """Return everybody's password."""
        ...

    def blocks(self) -> Iterator[Block]:
        """Return who blocks whom."""
        ...

    def follows(self) -> Iterator[Follows]:
        """Return who follows whom."""
        ...

    def votes(self) -> Iterator[Vote]:
        """Return every ballot, poll by poll."""
        ...

    def waves(self) -> Iterator[Wave]:
        """Return every Wave, the oldest first."""
        ...

    def threads(self) -> Iterator[Thread]:
        """Return what is said about polls."""
        ...


class Tell(Protocol):
    """Hands on what has happened."""

    async def __call__(self, events: Sequence[Event], *, done: int) -> None:
        """Let the other services take over events, and count how much of the step is done."""
        ...


Seeding = Callable[[Any, Network, Tell], Awaitable[None]]
"""One step of one service: `async (use_cases, network, tell)`."""


def parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Return things in lists of so many; the last one may be shorter."""
    remaining = iter(things)
    while part := list(islice(remaining, size)):
        yield part
