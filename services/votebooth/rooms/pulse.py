"""What happens in rooms by itself: steps of reactions and of the audience's size, hosts away, and codes given back."""

import time
from collections.abc import Iterable
from uuid import UUID

from msgspec.structs import replace

from services.core.kit import Kit
from services.core.live.hub import Hub
from services.core.problems import Problem
from services.votebooth.rooms.acts import MOST_PULSES, Acts
from services.votebooth.rooms.repository import LeaseRepository, ReactionRepository, RoomRepository
from services.votebooth.rooms.state import RoomEnded, RoomReactions, RoomRole, about
from services.votebooth.settings import VoteBoothSettings

AUDIENCE_SECONDS = 15.0
"""How often the audience's size moves at most."""

HOSTS_SECONDS = 4.0
"""How often it is looked which hosts are here."""

HOST_SECONDS = 20.0
"""How long a host counts as here whose connection was lost: who loads the page anew, or changes the network, is back
by then, and a hall isn't told of it."""

_AT_ONCE = 100


class Pulse:
    """Periodic work. Each instance does it: who comes second finds nothing to do."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._acts = Acts(kit)
        self._counted_at = float("-inf")
        self._hosts_at = float("-inf")

    async def beat(self, hub: Hub) -> None:
        """Tell the steps that are over, and which rooms are without a host.

        Args:
            hub: The live connections of this process: a host is here who follows the room.
        """
        async with self._kit.db.reading() as session:
            due = await ReactionRepository(session).rooms_due()
        for room in due:
            await self._reactions(room)
        if time.monotonic() - self._counted_at >= AUDIENCE_SECONDS:
            self._counted_at = time.monotonic()
            await self._audiences()
        if time.monotonic() - self._hosts_at >= HOSTS_SECONDS:
            self._hosts_at = time.monotonic()
            await self.look_for_hosts(_hosts(hub))

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
            if room in shown and shown[room].about != about(number):
                await self._audience(room, about(number))
        async with self._kit.db.transaction() as session:
            await LeaseRepository(session).forget(4 * AUDIENCE_SECONDS)

    async def _audience(self, room: UUID, number: int) -> None:
        try:
            async with self._acts.on(room, over=True) as act:
                told = act.head.ended is None and act.seq < MOST_PULSES
                if told and act.head.audience.about != number:
                    await act.write("audience.counted", replace(act.head.audience, about=number))
        except Problem:  # the room is gone
            return

    async def look_for_hosts(self, here: Iterable[tuple[UUID, UUID]]) -> None:
        """Note which hosts are here, and tell each room that has lost its last one, or has one again.

        Args:
            here: Rooms and hosts that follow them at this process. Those that others have are noted by them.
        """
        async with self._kit.db.transaction() as session:
            await LeaseRepository(session).renew_hosts(set(here), HOST_SECONDS)
        async with self._kit.db.reading() as session:
            hosted = await LeaseRepository(session).hosted()
            shown = await RoomRepository(session).audiences(list(hosted))
        for room, anybody in hosted.items():
            away = room in shown and shown[room].hosts_away_since is not None
            if not anybody or away:
                await self._hosts(room, here=anybody)

    async def _hosts(self, room: UUID, *, here: bool) -> None:
        try:
            async with self._acts.on(room, over=True) as act:
                audience = act.head.audience
                told = act.head.ended is None and act.seq < MOST_PULSES
                if told and here is not (audience.hosts_away_since is None):
                    away_since = None if here else act.now
                    name = "hosts.back" if here else "hosts.away"
                    await act.write(name, replace(audience, hosts_away_since=away_since))
                await LeaseRepository(act.session).forget_hosts(room)
        except Problem:  # the room is gone
            async with self._kit.db.transaction() as session:
                await LeaseRepository(session).forget_hosts(room)

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


def _hosts(hub: Hub) -> set[tuple[UUID, UUID]]:
    """Return rooms and those of their hosts who follow them at this process."""
    return {
        (UUID(key), viewer.subject.id)
        for key, viewer, role in hub.following("room")
        if role is RoomRole.HOST and viewer.subject is not None
    }
