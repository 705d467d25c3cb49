"""How far Feed has taken over what was published before."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository
from services.feed.models import TakenOver

_BEFORE_ALL = UUID(int=0)


class TakenOverRepository(Repository[TakenOver]):
    """What was taken over."""

    model_type = TakenOver

    async def is_done(self, source: str) -> bool:
        """Say whether nothing of a service's is missing."""
        return await self.exists(TakenOver.source == source, TakenOver.done.is_(True))

    async def reached(self, source: str) -> UUID:
        """Return up to what it is known."""
        reached = select(TakenOver.after).where(TakenOver.source == source)
        return (await self.session.execute(reached)).scalar_one_or_none() or _BEFORE_ALL

    async def advance(self, source: str, after: UUID, *, done: bool) -> None:
        """Keep how far it is known; two at once may do the same, and one may do it again."""
        new = insert(TakenOver).values(source=source, after=after, done=done)
        further = TakenOver.after <= new.excluded.after
        changes = {"after": new.excluded.after, "done": new.excluded.done}
        await self.session.execute(new.on_conflict_do_update(index_elements=["source"], set_=changes, where=further))
