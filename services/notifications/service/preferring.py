"""By which channels people are told of what."""

from msgspec import structs

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.notifications.kinds import KINDS, Kind
from services.notifications.repository.accounts import PreferenceRepository
from services.notifications.schemas import ChannelsEdit, KindPreference, Preferences
from services.notifications.settings import NotificationsSettings


class Preferring:
    """Preferences by kind and channel; what isn't chosen is as `kinds` says."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._db = kit.db

    async def mine(self, subject: Subject) -> Preferences:
        """Return the subject's preferences for each kind."""
        subject.require_user()
        async with self._db.reading() as session:
            chosen = await PreferenceRepository(session).of(subject.id)
        return Preferences([KindPreference(kind, chosen.get((kind, "in_app"), True)) for kind in KINDS])

    async def edit(self, subject: Subject, kind: Kind, edit: ChannelsEdit) -> Preferences:
        """Keep what the subject chooses for a kind; channels that aren't named stay. Return all as they are now."""
        subject.require_user()
        channels = {channel: wanted for channel, wanted in structs.asdict(edit).items() if wanted is not None}
        async with self._db.transaction() as session:
            await PreferenceRepository(session).put(subject.id, kind, channels)
        return await self.mine(subject)
