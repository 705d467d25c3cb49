"""Use cases of Notifications; each is one transaction. `Notifications` holds them in groups."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.models import utc_now
from services.core.kit import Kit
from services.core.live.hub import Hub
from services.core.peers.outside import Outside
from services.core.people import People
from services.core.service import UseCases
from services.notifications.events import AccountDeleted, CommentChanged, PollChanged, ProfileChanged, WaveChanged
from services.notifications.live import InboxSource
from services.notifications.models import Person
from services.notifications.moments import first_of
from services.notifications.repository.erasing import erase
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.repository.sends import SendRepository
from services.notifications.service.delivering import Delivering
from services.notifications.service.devices import Devices
from services.notifications.service.hearing import Hearing
from services.notifications.service.mailing import Mailing
from services.notifications.service.preferring import Preferring
from services.notifications.service.pushing import Pushing
from services.notifications.service.reading import Reading
from services.notifications.service.sending import Sending
from services.notifications.service.unsubscribing import Unsubscribing
from services.notifications.service.watching import Watches
from services.notifications.settings import NotificationsSettings

_FORGOTTEN_AT_ONCE = 1_000


class Notifications(UseCases[NotificationsSettings]):
    """What people are told of.

    Attributes:
        people: Who accounts are.
        hub: Live connections.
        hearing: What others tell of, made into notifications.
        reading: Lists, the number of unread ones, marking them.
        preferring: By which channels people are told of what.
        watches: Which polls people watch.
        sending: What many are told of.
        delivering: How and when somebody gets mail.
        unsubscribing: Links that end mails.
        mailing: Sends mails that are due.
        devices: Browsers that are told by web push.
        pushing: Sends what is due to them.
    """

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.hub = Hub(kit, [InboxSource(kit)])
        self.hearing = Hearing(kit)
        self.reading = Reading(kit, self.people, self.hub)
        self.preferring = Preferring(kit, self.hub)
        self.watches = Watches(kit, self.hearing)
        self.sending = Sending(kit, self.hearing)
        self.delivering = Delivering(kit)
        self.unsubscribing = Unsubscribing(kit)
        self.mailing = Mailing(kit, self.reading, self.unsubscribing)
        self.devices = Devices(kit)
        self.outside = Outside()
        self.pushing = Pushing(kit, self.reading, self.outside)

    async def keep_past(
        self, session: AsyncSession, events: Sequence[WaveChanged | CommentChanged | PollChanged]
    ) -> None:
        """Keep what things of long ago are; nobody is told of them."""
        await self.hearing.past_things(session, events)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase some of what there is of a deleted account."""
        return await erase(session, gone.account)

    async def start(self) -> None:
        """Begin to look after live connections."""
        await self.hub.start()

    async def stop(self) -> None:
        """End live connections, and those to others."""
        await self.hub.stop()
        await self.outside.close()

    async def sweep(self) -> None:
        """Forget old notifications and sends, some in a transaction."""
        then = utc_now() - timedelta(days=self.kit.settings.kept_days)
        while True:
            async with self.kit.db.transaction() as session:
                forgotten = await NotificationRepository(session).forget(first_of(then), _FORGOTTEN_AT_ONCE)
                sends = await SendRepository(session).forget(then, _FORGOTTEN_AT_ONCE)
            if max(forgotten, sends) < _FORGOTTEN_AT_ONCE:
                return


__all__ = ["Notifications"]
