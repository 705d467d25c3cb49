"""Use cases of Expressions; each is one transaction. `Expressions` holds them in groups."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.core.people import People
from services.core.personal import AT_ONCE
from services.core.service import UseCases
from services.expressions.events import AccountDeleted, PollChanged, ProfileChanged
from services.expressions.models import Person
from services.expressions.repository import AccountRepository, KeyRepository, ReactionRepository
from services.expressions.service.erasing import erase
from services.expressions.service.keeping import WaveRounds
from services.expressions.service.limiting import Limiting
from services.expressions.service.moderating import Moderating
from services.expressions.service.picturing import Picturing
from services.expressions.service.polls import Polls
from services.expressions.service.reacting import Reacting
from services.expressions.service.reading import Reading
from services.expressions.service.rippling import Rippling
from services.expressions.service.telling import Telling
from services.expressions.service.writing import Writing
from services.expressions.settings import ExpressionsSettings

_CLEARED_AT_ONCE = 1_000


class Expressions(UseCases[ExpressionsSettings]):
    """What can be done with Waves.

    Attributes:
        people: Who accounts are.
        picturing: Images of Waves.
        writing: Publishing, changing and deleting Waves.
        rippling: Sharing Waves on without words.
        reacting: Reactions.
        reading: Waves as somebody sees them.
        limiting: Whose Waves are seen by themselves alone.
        telling: All Waves, for other services.
        moderating: Filtered words, reports, and what moderators decide.
        rounds: Holding Waves from before against new filters.
    """

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self._polls = Polls(kit)
        self.picturing = Picturing(kit)
        self.writing = Writing(kit, self._polls, self.picturing)
        self.rippling = Rippling(kit)
        self.reacting = Reacting(kit)
        self.reading = Reading(kit, self.people)
        self.limiting = Limiting(kit)
        self.telling = Telling(kit)
        self.moderating = Moderating(kit, self.people, self.reading)
        self.rounds = WaveRounds(kit)

    async def on_poll_changed(self, session: AsyncSession, event: PollChanged) -> None:
        """Keep who may see a poll."""
        await self._polls.hear(session, event)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase some of what there is of a deleted account."""
        if await self.picturing.images.erase(session, gone.account, AT_ONCE):
            return True
        return await erase(session, gone.account)

    async def sweep(self) -> None:
        """Drop idempotency keys that have expired."""
        async with self.kit.db.transaction() as session:
            await KeyRepository(session).forget()

    async def sweep_images(self) -> None:
        """Delete files that nothing shows any more, and find out what old ones take."""
        await self.picturing.images.sweep()
        await self.picturing.images.weigh()

    async def clear(self) -> None:
        """Remove the reactions of deleted Waves, some in a transaction."""
        while True:
            async with self.kit.db.transaction() as session:
                numbers = await ReactionRepository(session).clear(_CLEARED_AT_ONCE)
                if numbers is None:
                    return
                await AccountRepository(session).forget_reactions(numbers)


__all__ = ["Expressions"]
