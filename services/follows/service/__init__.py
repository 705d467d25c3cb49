"""Use cases of Follows; each is one transaction. `Follows` holds them in groups."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.core.people import People
from services.core.service import NoSettings, UseCases
from services.follows.events import AccountDeleted, ProfileChanged
from services.follows.models import Person
from services.follows.service.apart import Blocks, Mutes
from services.follows.service.erasing import erase
from services.follows.service.following import Following
from services.follows.service.reading import Reading
from services.follows.service.requests import Requests
from services.follows.service.tagging import Tagging


class Follows(UseCases[NoSettings]):
    """What can be done with follows, blocks and mutes.

    Attributes:
        people: Who accounts are.
        following: Following, unfollowing, removing a follower.
        requests: Asking, accepting, declining.
        blocks: Blocking.
        mutes: Muting.
        tagging: Following tags.
        reading: Lists and counts.
    """

    def __init__(self, kit: Kit[NoSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.following = Following(kit, self.people)
        self.requests = Requests(kit)
        self.blocks = Blocks(kit, self.people)
        self.mutes = Mutes(kit, self.people)
        self.tagging = Tagging(kit)
        self.reading = Reading(kit, self.people)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase some of what there is of a deleted account."""
        return await erase(session, gone.account)

    async def on_profile_changed(self, session: AsyncSession, event: ProfileChanged) -> None:
        """Keep what somebody is called; whoever is public now accepts those who have waited."""
        await self.people.hear(session, event)
        await self.requests.accept_if_public(session, event.account)

    async def keep_profiles(self, session: AsyncSession, events: Sequence[ProfileChanged]) -> None:
        """Keep what people are called for whom nobody has waited."""
        await self.people.hear(session, *events)


__all__ = ["Follows"]
