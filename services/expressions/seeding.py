"""Waves and reactions of a place that is filled for development."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.repository import add_missing
from services.core.events.outbox import Event
from services.core.ids import id_at
from services.core.seeding import Network, Ripple, Tell, parts
from services.core.seeding import Wave as Wanted
from services.expressions.events import ReactionChanged
from services.expressions.models import Mention, Reaction, Wave
from services.expressions.repository import AccountRepository
from services.expressions.service import Expressions
from services.expressions.service.steps import changed, size_of
from services.expressions.service.writing import checked_text, resolved

_AT_ONCE = 500


async def seed_waves(expressions: Expressions, network: Network, tell: Tell) -> None:
    """Publish Waves, with the reactions to them and the Ripples that share them on."""
    for some in parts(network.waves(), _AT_ONCE):
        ids = [wave.id for wave in some]
        async with expressions.kit.db.transaction() as session:
            known = set((await session.scalars(select(Wave.id).where(Wave.id.in_(ids)))).all())
            await _add(session, [wave for wave in some if wave.id not in known])
            told = await _told(session, some)
        await tell(told, done=len(some))


async def _add(session: AsyncSession, new: Sequence[Wanted]) -> None:
    """Add Waves with whom they name, the reactions to them and what shares them on, and count all that."""
    waves: list[dict[str, Any]] = []
    mentions: list[dict[str, Any]] = []
    sizes, reactions = Counter[UUID](), Counter[UUID]()
    for wave in new:
        text, pieces = checked_text(wave.text, required=wave.poll is None)
        mentioned, pieces = await resolved(session, wave.author, pieces)
        waves.append({**_counts(wave), "text": text, "pieces": msgspec.to_builtins(pieces)})
        mentions += ({"wave": wave.id, "account": account} for account in mentioned.values())
        sizes[wave.author] += size_of(text)
        waves += (_ripple(wave.id, ripple) for ripple in wave.ripples)
        for ripple in wave.ripples:
            sizes[ripple.account] += size_of("")
        reactions.update(reaction.account for reaction in wave.reactions)
    await AccountRepository(session).charge_all(sizes, reactions)
    await add_missing(session, Wave, waves)
    await add_missing(session, Mention, mentions)
    given = [
        {"wave": wave.id, "ordinal": id_at(reaction.at), **reaction._asdict()}
        for wave in new
        for reaction in wave.reactions
    ]
    await add_missing(session, Reaction, given)


def _counts(wave: Wanted) -> dict[str, Any]:
    """Return a Wave's row without its text."""
    kinds = Counter(reaction.kind for reaction in wave.reactions)
    return {
        "id": wave.id,
        "author": wave.author,
        "visibility": "public",
        "poll": wave.poll,
        "created_at": wave.at,
        "likes": kinds["like"],
        "claps": kinds["clap"],
        "emojis": dict(Counter(reaction.emoji for reaction in wave.reactions if reaction.emoji)),
        "ripples": len(wave.ripples),
        "ripple_of": None,
        "bare": False,
        "reacted": len(wave.reactions),
    }


def _ripple(original: UUID, ripple: Ripple) -> dict[str, Any]:
    """Return the row of a Ripple without words."""
    nothing: dict[str, Any] = {
        "poll": None,
        "likes": 0,
        "claps": 0,
        "emojis": {},
        "ripples": 0,
        "reacted": 0,
        "text": "",
        "pieces": [],
    }
    row = {"id": ripple.id, "author": ripple.account, "visibility": "public", "created_at": ripple.at}
    return {**nothing, **row, "ripple_of": original, "bare": True}


async def _told(session: AsyncSession, some: Sequence[Wanted]) -> list[Event]:
    """Return what has been told of Waves and the reactions to them."""
    ids = [one for wave in some for one in (wave.id, *(ripple.id for ripple in wave.ripples))]
    mentions = defaultdict[UUID, list[UUID]](list)
    for wave, account in await session.execute(select(Mention.wave, Mention.account).where(Mention.wave.in_(ids))):
        mentions[wave].append(account)
    rows = {wave.id: wave for wave in (await session.scalars(select(Wave).where(Wave.id.in_(ids)))).all()}
    told: list[Event] = [changed(wave, sorted(mentions[wave.id])) for wave in rows.values()]
    for wanted in some:
        for number, reaction in enumerate(wanted.reactions, 1):
            told.append(
                ReactionChanged(
                    wave=wanted.id,
                    author=wanted.author,
                    account=reaction.account,
                    kind=reaction.kind,  # type: ignore[arg-type]  # the table's constraint says so
                    emoji=reaction.emoji,
                    present=True,
                    version=number,
                    likes=rows[wanted.id].likes,
                    claps=rows[wanted.id].claps,
                    emojis=sum(rows[wanted.id].emojis.values()),
                )
            )
    return told
