"""Keeping Waves back that have filtered words, until a moderator decides. Their rows are held."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.filters import matching
from services.expressions.models import Wave
from services.expressions.repository import CaseRepository, FilterRepository, LimitRepository, WaveRepository
from services.expressions.service.picturing import shown_by
from services.expressions.service.steps import tell_author


async def keep_back(session: AsyncSession, wave: Wave) -> Wave:
    """Hide a shown Wave that has filtered words, and put it before moderators; return it as it is now.

    Descriptions of its images are looked at as well. Of an author who is limited nothing is put before moderators: they
    would have to look at it again and again.
    """
    filters = await FilterRepository(session).words()
    if not filters or await LimitRepository(session).is_limited(wave.author):
        return wave
    said = (wave.text, *(image.description for image in shown_by(wave)))
    matched = next((key for text in said if (key := matching(text, filters)) is not None), None)
    if matched is None:
        return wave
    cases = CaseRepository(session)
    case, _ = await cases.hold(wave.id)
    await cases.put(case, again=True, matched=filters[matched])
    hidden = await hide(session, wave, "filter")
    await tell_author(session, hidden)
    return hidden


async def hide(session: AsyncSession, wave: Wave, hidden_as: str) -> Wave:
    """Take a shown Wave out of sight, and out of what it shares on; return it as it is now. Nobody is told yet."""
    waves = WaveRepository(session)
    if wave.ripple_of is not None:
        await waves.rippled(wave.ripple_of, -1)
    return await waves.change(wave.id, hidden_as=hidden_as)


async def show(session: AsyncSession, wave: Wave) -> Wave:
    """Show a hidden Wave again; return it as it is now. Nobody is told yet."""
    waves = WaveRepository(session)
    if wave.ripple_of is not None:
        await waves.rippled(wave.ripple_of, 1)
    return await waves.change(wave.id, hidden_as=None, version=Wave.version + 1)
