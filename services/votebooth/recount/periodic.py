"""The periodic recount: one poll at a time, do its counters say what its ballots say?"""

from uuid import UUID

import structlog

from services.core.kit import Kit
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.metrics import RECOUNT_MISMATCHES, RECOUNTS
from services.votebooth.recount import repository
from services.votebooth.recount.compare import recount_if_there
from services.votebooth.settings import VoteBoothSettings

log = structlog.get_logger(__name__)

EVERY_SECONDS = 30.0
MOST_BALLOTS = 50_000
"""Of a poll that is recounted in passing; larger ones are for `votewave recount`."""

_FIRST = UUID(int=0)
_REMEMBERED = 10_000


class PeriodicRecount:
    """Recounts polls that have closed, and all others in turn."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._checked: dict[UUID, None] = {}
        self._last = _FIRST

    async def check_one(self) -> None:
        """Recount one poll: one that has closed lately and wasn't checked since, else the next in turn."""
        async with self._kit.db.reading() as session:
            poll_id = await repository.closed_lately(session, list(self._checked), MOST_BALLOTS)
            if poll_id is not None:
                self._checked[poll_id] = None
                if len(self._checked) > _REMEMBERED:
                    del self._checked[next(iter(self._checked))]
            else:
                poll_id = await repository.next_poll(session, self._last, MOST_BALLOTS)
                self._last = poll_id or _FIRST
        if poll_id is not None:
            await self._check(poll_id)

    async def _check(self, poll_id: UUID) -> None:
        outcome = await recount_if_there(self._kit, poll_id)
        if outcome is None:  # it was deleted meanwhile
            return
        RECOUNTS.inc()
        if outcome.differences:
            RECOUNT_MISMATCHES.inc()
            log.error("recount_mismatch", poll=str(poll_id), differences=len(outcome.differences))
            async with self._kit.db.transaction() as session:
                details = {"differences": len(outcome.differences)}
                await AuditRepository(session).record("recount.differed", None, details, poll_id=poll_id)
