"""Transactions after which those who follow what they changed are told to look."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.database import Database

_CHANGED = "messaging_changed"


class Pokes:
    """Opens transactions, and pokes streams once they are committed.

    Args:
        db: Where.
        changed: Tells that a stream has changed (`Hub.changed`).
    """

    def __init__(self, db: Database, changed: Callable[[str], None]) -> None:
        self._db = db
        self._changed = changed

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction, as `Database.transaction` does."""
        async with self._db.transaction() as session:
            yield session
        for stream in session.info.get(_CHANGED, ()):
            self._changed(stream)


def mark(
    session: AsyncSession,
    *,
    conversation: UUID | None = None,
    account: UUID | None = None,
    presence: UUID | None = None,
) -> None:
    """Note that a conversation, an account's list of them, or its presence changes in a transaction."""
    streams: set[str] = session.info.setdefault(_CHANGED, set())
    if conversation is not None:
        streams.add(f"conversation:{conversation}")
    if account is not None:
        streams.add(f"conversations:{account}")
    if presence is not None:
        streams.add(f"presence:{presence}")
