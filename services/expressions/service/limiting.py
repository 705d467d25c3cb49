"""Having Waves follow the limits of their authors: others are told of them anew, as if they were for nobody."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.expressions.events import AccountLimited
from services.expressions.models import Wave
from services.expressions.repository import AccountRepository, FilterRepository, LimitRepository, WaveRepository
from services.expressions.service.keeping import looked_for, take_back
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
        """Tell others of Waves that were published before, some in a transaction.

        What comes back is held against filters as what is new. One that is hidden has a transaction to itself: what it
        shares on is locked as well.
        """
        more = True
        while more:
            async with self._db.transaction() as session:
                await FilterRepository(session).share()
                more = await _follow_some(session)


async def _follow_some(session: AsyncSession) -> bool:
    """Tell others anew of some Waves of somebody; say whether there may be more, of somebody else perhaps."""
    limits, waves = LimitRepository(session), WaveRepository(session)
    row = await limits.claim()
    if row is None:
        return False
    account, after, limited = row.account, row.after, row.limited
    found = await waves.after(account, after, _AT_ONCE)
    told = 0
    for wave_id in found:
        wave = await waves.any(wave_id)
        matched = None if limited or wave is None else await looked_for(session, wave)
        if matched is not None and told:
            break
        told += 1
        if matched is not None and wave is not None:
            await take_back(session, wave, matched)
            break
        if wave is not None:
            await tell(session, await waves.change(wave_id, version=Wave.version + 1))
    left = told < len(found) or len(found) == _AT_ONCE
    await limits.advance(account, found[told - 1] if found else after, left=left)
    return True
