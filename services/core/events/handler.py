"""What a service does when another one tells of something."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import Event

U = TypeVar("U")
E = TypeVar("E", bound=Event)


class Handler(Generic[U, E]):
    """Handles one kind of event from another service, in the consumer's transaction.

    Args:
        source: The publishing service.
        event: The struct with the fields this service needs; its `kind` is the publisher's.
        handle: `async (use_cases, transaction, event)`. Raising undoes the transaction; the event is
            tried again and parked in the end.
    """

    def __init__(self, source: str, event: type[E], handle: Callable[[U, AsyncSession, E], Awaitable[None]]) -> None:
        self.source = source
        self.event = event
        self.handle = handle
