"""All Waves as events tell of them, for services that begin to keep more of them than before."""

from uuid import UUID

from services.core.kit import Kit
from services.expressions.events import WaveChanged
from services.expressions.repository import LimitRepository, MentionRepository, WaveRepository
from services.expressions.service.steps import changed, to_others
from services.expressions.settings import ExpressionsSettings

AT_ONCE = 500
_BEFORE_ALL = UUID(int=0)


class Telling:
    """What others may ask for once more, page by page."""

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        self._db = kit.db

    async def waves(self, after: UUID | None) -> list[WaveChanged]:
        """Return a page of the Waves that there are now, after one of them; the last page is empty."""
        async with self._db.reading() as session:
            rows = await WaveRepository(session).every(after or _BEFORE_ALL, AT_ONCE)
            named = await MentionRepository(session).of_all([row.id for row in rows])
            limited = await LimitRepository(session).among({row.author for row in rows})
        return [to_others(row, changed(row, named.get(row.id, [])), limited=row.author in limited) for row in rows]
