"""By which channels people are told of what."""

from msgspec import structs

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.live.hub import Hub
from services.notifications.kinds import CHANNELS, KINDS, UNASKED, Channel, Kind
from services.notifications.live import stream_of
from services.notifications.repository.accounts import PreferenceRepository
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.schemas import ChannelsEdit, KindPreference, Preferences
from services.notifications.settings import NotificationsSettings


class Preferring:
    """Preferences by kind and channel; what isn't chosen is as `kinds` says."""

    def __init__(self, kit: Kit[NotificationsSettings], hub: Hub) -> None:
        self._db = kit.db
        self._hub = hub

    async def mine(self, subject: Subject) -> Preferences:
        """Return the subject's preferences for each kind."""
        subject.require_user()
        async with self._db.reading() as session:
            chosen = await PreferenceRepository(session).of(subject.id)

        def wants(kind: Kind, channel: Channel) -> bool:
            return chosen.get((kind, channel), kind in UNASKED[channel])

        return Preferences([KindPreference(kind, *(wants(kind, channel) for channel in CHANNELS)) for kind in KINDS])

    async def edit(self, subject: Subject, kind: Kind, edit: ChannelsEdit) -> Preferences:
        """Keep what the subject chooses for a kind; channels that aren't named stay. Return all as they are now."""
        subject.require_user()
        channels = {channel: wanted for channel, wanted in structs.asdict(edit).items() if wanted is not None}
        async with self._db.transaction() as session:
            await PreferenceRepository(session).put(subject.id, kind, channels)
            await MailboxRepository(session).advance([subject.id])
        self._hub.changed(stream_of(subject.id))
        return await self.mine(subject)
