"""What several use cases do in their transactions."""

from uuid import UUID

from msgspec import convert
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish
from services.core.marked import Piece, targets
from services.core.problems import not_found, over_quota, refused
from services.expressions.events import WaveChanged, WaveModerated
from services.expressions.models import Wave
from services.expressions.repository import AccountRepository, LimitRepository, MentionRepository, WaveRepository
from services.expressions.settings import ExpressionsSettings

_ROW_BYTES = 300
"""What a Wave or an earlier version takes beside its text, about."""


def pieces_of(row: object) -> list[Piece]:
    """Return the pieces of a row's text."""
    return convert(row.pieces, list[Piece], strict=False)  # type: ignore[attr-defined]  # both tables have them


def size_of(text: str) -> int:
    """Return about how many bytes a Wave or an earlier version takes: its text stands there twice."""
    return _ROW_BYTES + 2 * len(text.encode())


def original_of(wave: Wave) -> UUID:
    """Return what one means by a Wave: of a Ripple without words, what it shares on."""
    return wave.ripple_of if wave.bare and wave.ripple_of is not None else wave.id


async def charge(session: AsyncSession, account: UUID, size: int, settings: ExpressionsSettings) -> None:
    """Lock an account, and have its Waves take so many bytes more, or fewer.

    Raises:
        Problem: 429 `over-quota`.
    """
    held = await AccountRepository(session).charge(account, size=size)
    if size > 0 and held.bytes > settings.megabytes_per_account * 1_000_000:
        raise over_quota(
            f"Your Waves take {settings.megabytes_per_account:,} MB, all that one account has. Delete some."
        )


async def share(session: AsyncSession, subject: UUID, wave: UUID) -> Wave:
    """Return the Wave that somebody shares on, held, and count it.

    Raises:
        Problem: 404 if they don't see it, 422 if it isn't for everybody.
    """
    waves = WaveRepository(session)
    original = await waves.hold(subject, wave)
    if original is None:
        raise not_found("Wave")
    if not await waves.is_for_all(original.id):
        raise refused("not-for-all", "Only Waves that are for everybody can be shared on.")
    await waves.rippled(original.id, 1)
    return original


async def remove(session: AsyncSession, wave: Wave) -> None:
    """Delete a Wave that is held, and tell of it."""
    waves = WaveRepository(session)
    await waves.remove(wave.id)
    if wave.ripple_of is not None and wave.hidden_as is None:
        await waves.rippled(wave.ripple_of, -1)
    await tell(session, wave, deleted=True)


async def tell(session: AsyncSession, wave: Wave, *, deleted: bool = False) -> None:
    """Publish what a Wave is now."""
    mentions = [] if deleted else await MentionRepository(session).of(wave.id)
    told = changed(wave, mentions, deleted=deleted)
    limited = not deleted and await LimitRepository(session).is_limited(wave.author)
    await publish(session, told if deleted else to_others(wave, told, limited=limited))


async def tell_author(session: AsyncSession, wave: Wave) -> None:
    """Publish that a Wave is hidden now, or shown again."""
    hidden = wave.hidden_as is not None
    await publish(session, WaveModerated(wave=wave.id, version=wave.version, author=wave.author, hidden=hidden))


def to_others(wave: Wave, told: WaveChanged, *, limited: bool) -> WaveChanged:
    """Return what others are told of a Wave: of one that is kept back, what makes it its author's alone."""
    if limited or wave.hidden_as is not None:
        return replace(told, visibility="mentioned", mentions=[])
    return told


def changed(wave: Wave, mentions: list[UUID], *, deleted: bool = False) -> WaveChanged:
    """Return what is told of a Wave and whom it names."""
    return WaveChanged(
        wave=wave.id,
        version=wave.version + deleted,
        author=wave.author,
        text="" if deleted else wave.text,
        poll=None if deleted else wave.poll,
        ripple_of=wave.ripple_of,
        visibility=wave.visibility,  # type: ignore[arg-type]  # the table's constraint says so
        mentions=mentions,
        hashtags=[] if deleted else targets(pieces_of(wave), "tag"),
        created_at=wave.created_at,
        edited_at=wave.edited_at,
        deleted=deleted,
    )
