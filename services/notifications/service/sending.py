"""Telling many people of one thing, shard by shard: each shard is claimed by one process at a time.

Who was told and how far a shard has come are written in one transaction. So whatever is killed, nobody is told twice,
and nobody is left out.
"""

from services.core.kit import Kit
from services.notifications.repository.accounts import WatchRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.repository.sends import SendRepository
from services.notifications.settings import NotificationsSettings

_AT_ONCE = 1_000


class Sending:
    """Works on sends."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._db = kit.db

    async def work(self) -> None:
        """Work until no shard is free."""
        worked = False
        while await self._step():
            worked = True
        if worked:
            async with self._db.transaction() as session:
                await SendRepository(session).finish()

    async def _step(self) -> bool:
        """Tell some of a shard; say whether there was one."""
        async with self._db.transaction() as session:
            sends = SendRepository(session)
            shard = await sends.claim()
            if shard is None:
                return False
            among = (shard.subject, shard.at, shard.after, shard.last)
            audience = await WatchRepository(session).audience(*among, _AT_ONCE)
            others = [account for account in audience if account != shard.actor]
            told = await NotificationRepository(session).keep_once(shard.kind, shard.subject, shard.actor, others)
            after = audience[-1] if audience else shard.last
            await sends.advance(shard, after, told, left=len(audience) == _AT_ONCE)
        return True
