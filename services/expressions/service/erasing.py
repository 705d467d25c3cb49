"""Erasing an account: its Waves and reactions go, and where others mention it they name nobody.

Nobody is told of the Waves: whoever keeps them hears of the deletion. Of others' Waves with a mention, they are told.
"""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.core import circles
from services.core.cases.repository import leave
from services.core.ids import NOBODY
from services.core.marked import Piece, joined
from services.core.personal import AT_ONCE
from services.expressions.models import Account, Block, Follow, IdempotencyKey, Limit, Mute, Poll, Wave
from services.expressions.repository import (
    AccountRepository,
    CaseRepository,
    KeyRepository,
    LimitRepository,
    MentionRepository,
    PollRepository,
    ReactionRepository,
    ReportRepository,
    RevisionRepository,
    WaveRepository,
)
from services.expressions.service.reacting import count, counts_of
from services.expressions.service.steps import pieces_of, tell

_DELETED = "@deleted"


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Erase some of what there is of an account; say whether there may be more."""
    await AccountRepository(session).charge(account)
    steps = (_erase_waves, _erase_reactions, _erase_mentions)
    for step in steps:
        if await step(session, account):
            return True
    await _erase_earlier_mentions(session, account)
    await PollRepository(session).update_where(Poll.owner == account, values={"owner": NOBODY})
    await KeyRepository(session).delete_where(IdempotencyKey.owner == account)
    await circles.forget(session, account, Follow, Block, Mute)
    await leave(CaseRepository(session), ReportRepository(session), account)
    await LimitRepository(session).delete_where(Limit.account == account)
    await AccountRepository(session).delete_where(Account.id == account)
    return False


async def _erase_waves(session: AsyncSession, account: UUID) -> bool:
    waves = WaveRepository(session)
    found = await waves.some_by(account, AT_ONCE)
    for wave, original in found:
        await waves.remove(wave)
        if original is not None:
            await waves.rippled(original, -1)
    return bool(found)


async def _erase_reactions(session: AsyncSession, account: UUID) -> bool:
    reactions = ReactionRepository(session)
    found = await reactions.some_by(account, AT_ONCE)
    for wave_id, kind in found:
        wave = await WaveRepository(session).any(wave_id)
        given = await reactions.of(wave_id, account, kind)
        if given is None:
            continue
        await reactions.take_back(wave_id, account, kind)
        if wave is not None:
            await count(session, wave, counts_of(wave, kind, given.emoji, None, -1))
    return bool(found)


async def _erase_mentions(session: AsyncSession, account: UUID) -> bool:
    mentions = MentionRepository(session)
    found = await mentions.some_with(account, AT_ONCE)
    for wave_id in found:
        wave = await WaveRepository(session).any(wave_id)
        await mentions.drop(wave_id, account)
        if wave is not None:
            changed = await WaveRepository(session).change(wave_id, **_without(wave, account), version=Wave.version + 1)
            await tell(session, changed)
    return bool(found)


async def _erase_earlier_mentions(session: AsyncSession, account: UUID) -> None:
    revisions = RevisionRepository(session)
    for revision in await revisions.naming(account):
        await revisions.change(revision, **_without(revision, account))


def _without(row: Any, account: UUID) -> dict[str, Any]:
    """Return a row's text and pieces with nobody's name where an account was mentioned."""
    pieces = [
        Piece("text", _DELETED) if piece.type == "mention" and piece.target == str(account) else piece
        for piece in pieces_of(row)
    ]
    return {"text": "".join(piece.text for piece in pieces), "pieces": msgspec.to_builtins(joined(pieces))}
