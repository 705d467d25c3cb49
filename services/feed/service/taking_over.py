"""Taking over what was published before Feed kept all that it keeps now: words and tags of Waves, and Ripples."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.service import NoSettings
from services.feed.events import WaveChanged
from services.feed.repository.taking import TakenOverRepository

log = structlog.get_logger(__name__)

SECONDS = 10.0
"""Between two attempts."""

_SOURCE = "expressions"
_IN_TRANSACTION = 100
"""Waves; events of these wait meanwhile."""

Keep = Callable[[AsyncSession, Sequence[WaveChanged]], Awaitable[None]]


class TakingOver:
    """Asks Expressions for all Waves, page by page, once. Where it was cut short, it goes on.

    A page tells of each Wave what its last event told, with the same version. So pages and events may come in any
    order, and another instance may do the same.

    Args:
        kit: The service's.
        keep: Keeps what is told, also where the same version is known.
    """

    def __init__(self, kit: Kit[NoSettings], keep: Keep) -> None:
        self._kit = kit
        self._keep = keep
        self._is_done = False

    async def run(self) -> None:
        """Take over all that there is, unless that was done; while Expressions doesn't answer, nothing is done."""
        if self._is_done:
            return
        async with self._kit.db.reading() as session:
            taken = TakenOverRepository(session)
            self._is_done, after = await taken.is_done(_SOURCE), await taken.reached(_SOURCE)
        while not self._is_done:
            try:
                path = f"/internal/{_SOURCE}/waves?after={after}"
                page = await self._kit.shared.calls.get(_SOURCE, path, list[WaveChanged])
            except (PeerError, PeerMissing) as exc:
                log.warning("earlier_waves_wait", error=str(exc))
                return
            after = await self._take(page, after)
            self._is_done = not page

    async def _take(self, page: Sequence[WaveChanged], after: UUID) -> UUID:
        for start in range(0, max(len(page), 1), _IN_TRANSACTION):
            some = page[start : start + _IN_TRANSACTION]
            after = some[-1].wave if some else after
            async with self._kit.db.transaction() as session:
                await self._keep(session, some)
                await TakenOverRepository(session).advance(_SOURCE, after, done=not page)
        return after
