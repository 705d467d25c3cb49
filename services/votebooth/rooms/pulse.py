"""What happens in rooms by itself: steps of reactions and of the audience's size, and codes given back."""

import time
from uuid import UUID

from services.core.kit import Kit
from services.core.problems import Problem
from services.votebooth.rooms.acts import MOST_PULSES, Acts
from services.votebooth.rooms.repository import LeaseRepository, ReactionRepository, RoomRepository
from services.votebooth.rooms.state import RoomAudience, RoomEnded, RoomReactions, about
from services.votebooth.settings import VoteBoothSettings

AUDIENCE_SECONDS = 15.0
"""How often the audience's size moves at most."""

_AT_ONCE = 100


class Pulse:
    """Periodic work. Each instance does it: who comes second finds nothing to do."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._acts = Acts(kit)
        self._counted_at = float("-inf")

    async def beat(self) -> None:
        """Tell the steps that are over."""
        async with self._kit.db.reading() as session:
            due = await ReactionRepository(session).rooms_due()
        for room in due:
            await self._reactions(room)
        if time.monotonic() - self._counted_at >= AUDIENCE_SECONDS:
            self._counted_at = time.monotonic()
            await self._audiences()

    async def _reactions(self, room: UUID) -> None:
        try:
            async with self._acts.on(room, over=True) as act:
                for until, counts in await ReactionRepository(act.session).take(room):
                    if act.head.ended is None and act.seq < MOST_PULSES:
                        await act.write("room.reacted", RoomReactions(until, counts))  # type: ignore[arg-type]
        except Problem:  # the room is gone; what was left of it goes as well
            async with self._kit.db.transaction() as session:
                await ReactionRepository(session).take(room)

    async def _audiences(self) -> None:
        async with self._kit.db.reading() as session:
            here = await LeaseRepository(session).here()
            shown = await RoomRepository(session).audiences(list(here))
        for room, number in here.items():
            if room in shown and shown[room] != about(number):
                await self._audience(room, about(number))
        async with self._kit.db.transaction() as session:
            await LeaseRepository(session).forget(4 * AUDIENCE_SECONDS)

    async def _audience(self, room: UUID, number: int) -> None:
        try:
            async with self._acts.on(room, over=True) as act:
                told = act.head.ended is None and act.seq < MOST_PULSES
                if told and act.head.audience.about != number:
                    await act.write("audience.counted", RoomAudience(number))
        except Problem:  # the room is gone
            return

    async def sweep(self) -> None:
        """End rooms that were left alone, and give back the codes of those that ended long ago."""
        days = self._kit.settings.room_code_days
        async with self._kit.db.reading() as session:
            alone = await RoomRepository(session).left_alone(days, _AT_ONCE)
        for room in alone:
            try:
                async with self._acts.on(room, over=True) as act:
                    if act.head.ended is None:
                        await act.write("room.ended", RoomEnded(act.now))
                    else:
                        await RoomRepository(act.session).release(room)
            except Problem:  # it was deleted meanwhile
                continue
