"""Reactions to Waves: one of each kind a person."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.emoji import clean_emoji
from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import not_found, over_quota, refused
from services.core.refusals import Refusals
from services.expressions.events import ReactionChanged, ReactionKind
from services.expressions.models import Wave
from services.expressions.repository import AccountRepository, ReactionRepository, WaveRepository
from services.expressions.settings import ExpressionsSettings

MOST_EMOJIS = 20
"""How many different ones a Wave takes: each is a line on it, and a place in its row."""

_COUNTERS = {"like": "likes", "clap": "claps"}


class Reacting:
    """Reactions. The Wave's row is locked while its counts change."""

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        self._kit = kit

    async def put(self, subject: Subject, wave_id: UUID, kind: ReactionKind, emoji: str | None = None) -> UUID:
        """React to a Wave; again, it does nothing. Another emoji takes the place of the one before.

        Returns:
            The Wave that has the reaction: of a Ripple without words, what it shares on.

        Raises:
            Problem: 403 for guests, 404, 422, 429 if there is no room.
        """
        subject.require_user()
        emoji = _checked(emoji)
        async with self._kit.db.transaction() as session:
            held = await AccountRepository(session).charge(subject.id)
            wave = await WaveRepository(session).hold(subject.id, wave_id)
            if wave is None:
                raise not_found("Wave")
            before = await ReactionRepository(session).of(wave.id, subject.id, kind)
            if before is not None and before.emoji == emoji:
                return wave.id
            if before is None and held.reactions >= self._kit.settings.reactions_per_account:
                raise over_quota(f"You have {held.reactions:,} reactions, all that one account has. Take some back.")
            counts = counts_of(wave, kind, before.emoji if before else None, emoji, 1 if before is None else 0)
            if len(counts.get("emojis", ())) > MOST_EMOJIS:
                raise refused("too-many-emojis", f"This Wave has {MOST_EMOJIS} different emojis. Choose one of them.")
            await ReactionRepository(session).put(wave.id, subject.id, kind, emoji)
            if before is None:
                await AccountRepository(session).charge(subject.id, reactions=1)
            await _tell(session, await count(session, wave, counts), subject.id, kind, emoji, present=True)
            return wave.id

    async def take_back(self, subject: Subject, wave_id: UUID, kind: ReactionKind) -> None:
        """React no longer; where one doesn't, do nothing. It works also on what one doesn't see any more.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._kit.db.transaction() as session:
            await AccountRepository(session).charge(subject.id)
            waves = WaveRepository(session)
            wave = await waves.hold(subject.id, wave_id) or await waves.any(wave_id)
            if wave is None:
                return
            before = await ReactionRepository(session).of(wave.id, subject.id, kind)
            if before is None:
                return
            await ReactionRepository(session).take_back(wave.id, subject.id, kind)
            await AccountRepository(session).charge(subject.id, reactions=-1)
            counts = counts_of(wave, kind, before.emoji, None, -1)
            await _tell(session, await count(session, wave, counts), subject.id, kind, None, present=False)


def counts_of(wave: Wave, kind: str, before: str | None, after: str | None, by: int) -> dict[str, Any]:
    """Return the counts of a Wave that change; it is held."""
    if kind != "emoji":
        name = _COUNTERS[kind]
        return {name: getattr(wave, name) + by}
    emojis = dict(wave.emojis)
    if before is not None:
        emojis[before] -= 1
    if after is not None:
        emojis[after] = emojis.get(after, 0) + 1
    return {"emojis": {emoji: number for emoji, number in emojis.items() if number}}


async def count(session: AsyncSession, wave: Wave, counts: dict[str, Any]) -> Wave:
    """Change counts of a Wave that is held; return it as it is now."""
    return await WaveRepository(session).change(wave.id, **counts, reacted=Wave.reacted + 1)


async def _tell(
    session: AsyncSession, wave: Wave, account: UUID, kind: ReactionKind, emoji: str | None, *, present: bool
) -> None:
    event = ReactionChanged(
        wave=wave.id,
        author=wave.author,
        account=account,
        kind=kind,
        emoji=emoji,
        present=present,
        version=wave.reacted,
        likes=wave.likes,
        claps=wave.claps,
        emojis=sum(wave.emojis.values()),
    )
    await publish(session, event)


def _checked(emoji: str | None) -> str | None:
    if emoji is None:
        return None
    found = Refusals("reaction-refused")
    try:
        return clean_emoji(emoji)
    except ValueError as exc:
        found.add("emoji", str(exc))
    raise found.problem()
