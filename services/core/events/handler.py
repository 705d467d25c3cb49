"""What a service does when another one tells of something."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import Event


class NotNowError(Exception):
    """What a handler needs isn't to be had right now: the event waits, and those after it; nothing is parked."""


U = TypeVar("U")
E = TypeVar("E", bound=Event)


class Handler(Generic[U, E]):
    """Handles one kind of event from another service, in the consumer's transaction.

    Args:
        event: The struct with the fields this service needs; its `KIND` is the publisher's, and begins with its name.
        handle: `async (use_cases, session, event)`. Raising undoes the transaction; the event is
            tried again and parked in the end, unless it was `NotNowError`.
        past: `async (use_cases, session, events)`: takes over many events of long ago at once. It keeps what they
            tell and tells nobody. By default they are handled one by one.
    """

    def __init__(
        self,
        event: type[E],
        handle: Callable[[U, AsyncSession, E], Awaitable[None]],
        past: Callable[[U, AsyncSession, Sequence[E]], Awaitable[None]] | None = None,
    ) -> None:
        self.event = event
        self.handle = handle
        self.past = past or self._one_by_one

    @property
    def source(self) -> str:
        """The publishing service."""
        return self.event.KIND.partition(".")[0]

    async def _one_by_one(self, use_cases: U, session: AsyncSession, events: Sequence[E]) -> None:
        for event in events:
            await self.handle(use_cases, session, event)


async def forget_past(_: object, __: AsyncSession, ___: Sequence[Event]) -> None:
    """Be the `past` of a handler that keeps nothing but tells somebody."""
