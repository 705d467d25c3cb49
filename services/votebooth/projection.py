"""The rules of polls as VoteBooth knows them: a table kept up by events, and a copy in memory.

The copy in memory may be old. It is good enough to refuse nonsense early; whether a ballot counts is decided
in the transaction that writes it, by the version and times in the row it has locked (`booth.py`).
"""

from uuid import UUID

import msgspec
from sqlalchemy import event as sqlalchemy_events
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.votebooth import repository
from services.votebooth.events import PollChanged
from services.votebooth.settings import VoteBoothSettings


class Projection:
    """Reads and keeps polls' rules."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit

    async def apply(self, transaction: AsyncSession, event: PollChanged) -> bool:
        """Keep an event's definition unless a newer one is here; say whether it was kept.

        The poll's counter row is locked first, so every ballot counts either wholly before or wholly
        under the new rules.
        """
        if not await repository.touch_counter(transaction, event):
            return False
        await repository.put_poll(transaction, event, msgspec.json.encode(event))
        sqlalchemy_events.listen(
            transaction.sync_session, "after_commit", lambda _: self._changed(event.poll), once=True
        )
        return True

    def _changed(self, poll_id: UUID) -> None:
        self._kit.shared.broadcast.send(f"poll:{poll_id}")
