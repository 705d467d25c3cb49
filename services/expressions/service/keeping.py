"""Keeping Waves back that have filtered words, until a moderator decides. Their rows are held."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.cases.rounds import Rounds, unsettled
from services.core.cases.service import Matter
from services.core.filters import matching
from services.core.kit import Kit
from services.expressions.models import Wave
from services.expressions.repository import (
    AccountRepository,
    CaseRepository,
    FilterRepository,
    LimitRepository,
    RoundRepository,
    WaveRepository,
)
from services.expressions.service.picturing import shown_by
from services.expressions.service.steps import tell, tell_author
from services.expressions.settings import ExpressionsSettings


async def keep_back(session: AsyncSession, wave: Wave) -> Wave:
    """Hide a shown Wave that has filtered words, and put it before moderators; return it as it is now.

    Descriptions of its images are looked at as well. Of an author who is limited nothing is put before moderators: they
    would have to look at it again and again.
    """
    filters = await FilterRepository(session).words()
    if not filters or await LimitRepository(session).is_limited(wave.author):
        return wave
    matched = _matched(wave, filters)
    if matched is None:
        return wave
    await _put_before_moderators(session, wave, matched)
    hidden = await hide(session, wave, "filter")
    await tell_author(session, hidden)
    return hidden


async def looked_for(session: AsyncSession, wave: Wave) -> str | None:
    """Return which filtered words a shown Wave from before has, about which moderators haven't decided."""
    if wave.hidden_as is not None:
        return None
    filters = await FilterRepository(session).standing()
    case = await CaseRepository(session).get_one_or_none(about=wave.id) if filters else None
    return _matched(wave, unsettled(filters, case, Matter(wave.id, wave.edited_at)))


async def take_back(session: AsyncSession, wave: Wave, matched: str) -> None:
    """Hide a Wave that others were told of, and put it before moderators for its words."""
    await _put_before_moderators(session, wave, matched)
    await hide(session, wave, "filter")
    hidden = await WaveRepository(session).change(wave.id, version=Wave.version + 1)
    await tell(session, hidden)
    await tell_author(session, hidden)


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


class WaveRounds(Rounds):
    """Waves from before a filter."""

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        super().__init__(kit, FilterRepository, RoundRepository)

    async def texts(self, session: AsyncSession, after: UUID, most: int) -> Sequence[tuple[UUID, Sequence[str]]]:
        """Return what Waves say, and what the images that they show."""
        rows = await WaveRepository(session).every(after, most)
        return [(row.id, () if row.hidden_as is not None else _said(row)) for row in rows]

    async def look_again(self, thing: UUID) -> None:
        """Hide a shown Wave that has filtered words, and put it before moderators.

        What those write who are limited is looked at when they aren't any more.
        """
        async with self._db.transaction() as session:
            await FilterRepository(session).share()
            waves = WaveRepository(session)
            author = await waves.author_of(thing)
            if author is None:
                return
            await AccountRepository(session).charge(author)
            wave = await waves.any(thing)
            if wave is None or await LimitRepository(session).is_limited(author):
                return
            matched = await looked_for(session, wave)
            if matched is not None:
                await take_back(session, wave, matched)


def _said(wave: Wave) -> tuple[str, ...]:
    return (wave.text, *(image.description for image in shown_by(wave)))


def _matched(wave: Wave, filters: Mapping[str, str]) -> str | None:
    """Return the words of the first of some filters that a Wave or a description matches."""
    if not filters:
        return None
    keys = (matching(text, filters) for text in _said(wave))
    return next((filters[key] for key in keys if key is not None), None)


async def _put_before_moderators(session: AsyncSession, wave: Wave, matched: str) -> None:
    cases = CaseRepository(session)
    case, _ = await cases.hold(wave.id)
    await cases.put(case, again=True, matched=matched)
