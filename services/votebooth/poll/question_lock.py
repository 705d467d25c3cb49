"""A poll's question while Polls changes it, which it does only where nobody has ever voted.

Polls asks here first; from then on ballots wait (`QuestionChanging`), until it has committed the change or given it up.
"""

from uuid import UUID

from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import not_found, unavailable
from services.core.tasks import SharedTasks
from services.votebooth.poll import repository
from services.votebooth.poll.projection import Projection
from services.votebooth.settings import VoteBoothSettings


class QuestionLock:
    """Holds ballots back from a question that is about to change, and lets them go."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection) -> None:
        self._kit = kit
        self._projection = projection
        self._learning: SharedTasks[UUID, None] = SharedTasks()

    async def hold_for(self, poll_id: UUID, version: int) -> bool:
        """Have ballots wait for a poll's next version, unless one was ever cast; say whether they wait.

        The counter row is locked for it: what was acknowledged before is seen, and what comes later waits.

        Raises:
            Problem: 404 if there is no such published poll, 503 if Polls doesn't answer.
        """
        held = await self._hold(poll_id, version)
        if held is None:
            await self._projection.catch_up(poll_id, version - 1)
            held = await self._hold(poll_id, version)
        return bool(held)

    async def _hold(self, poll_id: UUID, version: int) -> bool | None:
        """Return None if the poll isn't known here yet.

        Only then is Polls asked: it waits for this answer with its connections, which a question would need as well.
        """
        async with self._kit.db.transaction() as session:
            return await repository.hold_for(session, poll_id, version)

    async def learn_change(self, poll_id: UUID) -> None:
        """Find out what has become of the version that ballots wait for, once Polls has committed it or given it up.

        Raises:
            Problem: 404 if the poll is gone, 503 if Polls doesn't answer.
        """
        await self._learning.result(poll_id, lambda: self._learn(poll_id))

    async def _learn(self, poll_id: UUID) -> None:
        async with self._kit.db.reading() as session:
            attempt = await repository.held_by(session, poll_id)
        try:
            found = await self._projection.fetch(poll_id, settled=True)
        except PeerMissing as exc:
            raise not_found("poll") from exc
        except PeerError as exc:
            raise unavailable("The poll's question is being changed. Try again.") from exc
        async with self._kit.db.transaction() as session:
            await self._projection.apply(session, found)
            # Another attempt that has begun since goes on being waited for.
            await repository.release(session, poll_id, attempt)
