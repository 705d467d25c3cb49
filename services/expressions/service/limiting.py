"""Having Waves follow the limits of their authors: others are told of them anew, as if they were for nobody."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.expressions.events import AccountLimited
from services.expressions.models import Wave
from services.expressions.repository import AccountRepository, LimitRepository, WaveRepository
from services.expressions.service.steps import tell
from services.expressions.settings import ExpressionsSettings

_AT_ONCE = 100


class Limiting:
    """Whose Waves are seen by themselves alone."""

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        self._db = kit.db

    async def hear(self, session: AsyncSession, event: AccountLimited) -> None:
        """Keep who is limited; whoever publishes a Wave meanwhile waits."""
        await AccountRepository(session).charge(event.account)
        await LimitRepository(session).keep(event)

    async def follow(self) -> None:
        """Tell others of Waves that were published before, some in a transaction."""
        while True:
            async with self._db.transaction() as session:
                limits = LimitRepository(session)
                row = await limits.claim()
                if row is None:
                    return
                account, after = row.account, row.after
                found = await WaveRepository(session).after(account, after, _AT_ONCE)
                for wave in found:
                    await _tell_anew(session, wave)
                await limits.advance(account, found[-1] if found else after, left=len(found) == _AT_ONCE)


async def _tell_anew(session: AsyncSession, wave: UUID) -> None:
    changed = await WaveRepository(session).change(wave, version=Wave.version + 1)
    await tell(session, changed)
