"""Which polls Waves may bring along."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import unavailable
from services.expressions.events import PollChanged
from services.expressions.repository import PollRepository
from services.expressions.settings import ExpressionsSettings


class Polls:
    """What is known of polls: what their events tell, and what Polls says of one whose event hasn't come."""

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        self._kit = kit

    async def hear(self, session: AsyncSession, event: PollChanged) -> None:
        """Keep what is told of a poll, unless what is known is as new."""
        await PollRepository(session).keep(
            {
                "id": event.poll,
                "version": event.version,
                "owner": event.owner,
                "listing": event.listing,
                "deleted": event.deleted,
            }
        )

    async def may_see(self, viewer: UUID, poll: UUID) -> bool:
        """Say whether there is such a published poll, and somebody may see it.

        Raises:
            Problem: 503 if Polls must be asked and doesn't answer.
        """
        known = await self._known(viewer, poll)
        if known is None:
            try:
                told = await self._kit.shared.calls.get("polls", f"/internal/polls/{poll}/rules", PollChanged)
            except PeerMissing:
                return False
            except PeerError as exc:
                raise unavailable("Whether there is such a poll can't be found out now. Try again.") from exc
            async with self._kit.db.transaction() as session:
                await self.hear(session, told)
            known = await self._known(viewer, poll)
        return bool(known)

    async def _known(self, viewer: UUID, poll: UUID) -> bool | None:
        async with self._kit.db.reading() as session:
            return await PollRepository(session).may_see(viewer, poll)
