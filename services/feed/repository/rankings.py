"""Orders in which somebody was shown their home feed by rank."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from services.core.data.repository import Repository
from services.core.ids import id_at, new_id
from services.feed.models import Ranking

KEPT = timedelta(days=7)
MOST_KEPT = 5
"""Orders of one account, the newest: as many as it may go on reading at a time."""


class RankingRepository(Repository[Ranking]):
    """Orders, by account."""

    model_type = Ranking

    async def put(self, account: UUID, things: Sequence[UUID], oldest: UUID) -> UUID:
        """Keep an order, and of those before it the newest; return what it is called."""
        added = await self.add(Ranking(account=account, id=new_id(), things=list(things), oldest=oldest))
        newest = select(Ranking.id).where(Ranking.account == account).order_by(Ranking.id.desc()).limit(MOST_KEPT)
        await self.delete_where(Ranking.account == account, Ranking.id.not_in(newest))
        return added.id

    async def sweep(self) -> None:
        """Drop what is old."""
        await self.delete_where(Ranking.id < id_at(datetime.now(UTC) - KEPT, 0))
