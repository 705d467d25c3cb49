"""Where many polls stand, read with as many statements for a hundred of them as for one.

It leaves some of what `Results.state` does to others: it asks nobody for polls that aren't known here, releases no
step, and makes no salt.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import RowMapping

from services.core.kit import Kit
from services.votebooth.poll.definition import PollChanged
from services.votebooth.poll.projection import Projection
from services.votebooth.results import repository
from services.votebooth.results.state import State, state_of
from services.votebooth.settings import VoteBoothSettings

_REMEMBERED = 10_000

Definitions = Callable[[Mapping[UUID, int]], Awaitable[Mapping[UUID, PollChanged]]]
"""Returns definitions of these versions or newer."""


class Standings:
    """Reads where polls stand."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection) -> None:
        self._kit = kit
        self._projection = projection
        self._settled: dict[tuple[UUID, int], None] = {}

    async def of(self, polls: Sequence[UUID], definitions: Definitions) -> dict[UUID, State]:
        """Return where polls stand, of those that are known here and not deleted."""
        rows = await self._rows(polls)
        opened = {poll: row["version"] for poll, row in rows.items() if row["opened"]}
        if await self._projection.settle_all(opened):
            rows = await self._rows(polls)
        over = [poll for poll, row in rows.items() if row["over"] and (poll, row["version"]) not in self._settled]
        if over:
            rows |= await self._settle(over)
        found = await definitions({poll: row["version"] for poll, row in rows.items()})
        return {poll: state_of(found[poll], row) for poll, row in rows.items() if poll in found}

    async def _rows(self, polls: Sequence[UUID]) -> dict[UUID, RowMapping]:
        async with self._kit.db.reading() as session:
            return await repository.states(session, polls)

    async def _settle(self, polls: Sequence[UUID]) -> dict[UUID, RowMapping]:
        """Read polls that are over after the last ballots of them have been committed, as `Results` does."""
        async with self._kit.db.transaction() as session:
            await repository.lock_many(session, polls)
            rows = await repository.states(session, polls)
            over = [poll for poll, row in rows.items() if row["over"]]
            await repository.end_steps(session, *over)
        self._settled |= {(poll, rows[poll]["version"]): None for poll in over}
        while len(self._settled) > _REMEMBERED:
            del self._settled[next(iter(self._settled))]
        return rows
