"""Holding what was written before a filter against it, in the background.

All texts of a service are gone through in the order of their ids, round and round as long as there are filters that
haven't seen them all. A filter that is added joins where the round is, and is through when the round comes by there
again: however many are added meanwhile, each text is read twice at most for all of them.

Each step is some texts. Those that match are looked at once more, each in a transaction of its own that holds it, so
what is edited meanwhile is judged as it is. The step is kept when it is done; after a kill it is done again, and finds
hidden what was hidden. Two processes that believe a step to be theirs do no harm: it counts once.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.cases.filters import FilterRepository, FilterT, RoundRepository, RoundT
from services.core.cases.service import Matter
from services.core.cases.tables import AppealTable
from services.core.filters import matching
from services.core.kit import Kit

AT_ONCE = 200
"""Texts in a step."""
_STEP_SECONDS = 10
"""How long others leave a step to somebody who doesn't say that it is done."""


class Rounds(ABC):
    """Going through what is written, for one kind of thing."""

    def __init__(
        self, kit: Kit[Any], filters: type[FilterRepository[FilterT]], rounds: type[RoundRepository[RoundT]]
    ) -> None:
        self._db = kit.db
        self._filters: type[FilterRepository[Any]] = filters
        self._rounds: type[RoundRepository[Any]] = rounds

    @abstractmethod
    async def texts(self, session: AsyncSession, after: UUID, most: int) -> Sequence[tuple[UUID, Sequence[str]]]:
        """Return so many things after one by their ids, with what those say that are shown."""

    @abstractmethod
    async def look_again(self, thing: UUID) -> None:
        """Treat one thing as one that is written now, unless a moderator has decided about what it says."""

    async def follow(self) -> None:
        """Go on until nothing is left, or somebody else is at it."""
        more = True
        while more:
            began = time.monotonic()
            more = await self.step()
            # There is no hurry: half of the time is for those who wait for an answer.
            await asyncio.sleep(time.monotonic() - began if more else 0)

    async def step(self) -> bool:
        """Hold some texts against the filters that haven't seen them; say whether there may be more to do."""
        async with self._db.transaction() as session:
            filters = self._filters(session)
            if not await filters.are_left():
                return False
            step = await self._rounds(session).claim(_STEP_SECONDS)
            if step is None:
                return False
            left = await filters.begin(step.after)
            texts = await self.texts(session, step.after, AT_ONCE)
        keys = [each.key for each in left]
        for thing, said in texts:
            if any(matching(one, keys) is not None for one in said):
                await self.look_again(thing)
            await asyncio.sleep(0)  # a long text takes a millisecond
        until = texts[-1][0] if len(texts) == AT_ONCE else None
        async with self._db.transaction() as session:
            if await self._rounds(session).advance(step, until):
                await self._filters(session).finish([each.id for each in left], step.after, until)
        return True


def unsettled(filters: Sequence[FilterT], case: AppealTable | None, matter: Matter) -> dict[str, str]:
    """Return the words of those filters, by key, about which moderators haven't decided for something as it is now.

    They have seen it when they decide, with all filters that there are; a filter that was removed and comes again asks
    nothing new of what has waited for the same words.
    """
    if case is None or case.decided_at is None or matter.differs(case):
        return {each.key: each.words for each in filters}
    return {
        each.key: each.words for each in filters if each.created_at > case.decided_at and each.words != case.matched
    }
