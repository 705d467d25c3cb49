"""Use cases of Messaging; each is one transaction. `Messaging` holds them in groups."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.core.live.hub import Hub
from services.core.people import People
from services.core.personal import AT_ONCE
from services.core.service import UseCases
from services.messaging.events import AccountDeleted, BlockChanged, ProfileChanged
from services.messaging.models import Person
from services.messaging.repository.erasing import erase
from services.messaging.repository.members import AccountRepository
from services.messaging.service.attaching import Attaching
from services.messaging.service.catching_up import CatchingUp
from services.messaging.service.changing import Changing
from services.messaging.service.groups import Groups
from services.messaging.service.leases import Leases
from services.messaging.service.live.conversation import ConversationLog, ConversationSource
from services.messaging.service.live.conversations import ConversationsLog, ConversationsSource
from services.messaging.service.live.presence import PresenceSource
from services.messaging.service.marking import Marking
from services.messaging.service.pokes import Pokes
from services.messaging.service.reading import Reading
from services.messaging.service.reporting import Reporting
from services.messaging.service.sending import Sending
from services.messaging.service.views import Views
from services.messaging.settings import MessagingSettings


class Messaging(UseCases[MessagingSettings]):
    """What can be done with conversations.

    Attributes:
        people: Who accounts are.
        attaching: Pictures and files that go with messages.
        sending: Sending messages, to one person or into a conversation.
        changing: Editing and deleting messages, reacting to them.
        groups: Groups: who is in them, and as what.
        marking: Accepting requests, reading, what one lets others see.
        reading: Lists, one conversation, search.
        catching_up: What has happened in a conversation since a position.
        reporting: Reports of messages, and moderators' decisions about them.
        hub: Live connections.
    """

    def __init__(self, kit: Kit[MessagingSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.attaching = Attaching(kit)
        views = Views(kit, self.people)
        self.reading = Reading(kit, views)
        self.catching_up = CatchingUp(kit, self.reading, views)
        leases = Leases(kit.shared.redis)
        streams = (
            ConversationSource(kit, ConversationLog(kit, self.catching_up)),
            ConversationsSource(kit, ConversationsLog(kit, self.reading), leases),
            PresenceSource(kit, leases),
        )
        self.hub = Hub(kit, streams)
        pokes = Pokes(kit.db, self.hub.changed)
        self.sending = Sending(kit, pokes, self.people, views, self.attaching)
        self.changing = Changing(kit, pokes, views, self.attaching)
        self.groups = Groups(kit, pokes, self.people)
        self.marking = Marking(kit, pokes)
        self.reporting = Reporting(kit, self.people, self.attaching)

    async def start(self) -> None:
        """Begin to look after live connections."""
        await self.hub.start()

    async def stop(self) -> None:
        """End live connections."""
        await self.hub.stop()

    async def apart(self, session: AsyncSession, event: BlockChanged) -> None:
        """Have it asked again who may see whether two are there, between whom something has changed."""
        await AccountRepository(session).redraw([event.account, event.other])

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase some of what there is of a deleted account."""
        if await self.attaching.uploads.erase(session, gone.account, AT_ONCE):
            return True
        return await erase(session, gone.account)

    async def sweep(self) -> None:
        """Delete files that no message has, or has any more."""
        await self.attaching.uploads.sweep()


__all__ = ["Messaging"]
