"""Sharing Waves on without words."""

from uuid import UUID

from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.expressions.models import Wave
from services.expressions.repository import WaveRepository
from services.expressions.service.steps import charge, original_of, remove, share, size_of, tell
from services.expressions.settings import ExpressionsSettings


class Rippling:
    """Ripples without words: one of an account and Wave."""

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        self._kit = kit

    async def put(self, subject: Subject, wave_id: UUID) -> UUID:
        """Share a Wave on; again, it does nothing.

        Returns:
            The Wave that is shared on.

        Raises:
            Problem: 403 for guests, 404, 422 if the Wave isn't for everybody, 429 if there is no room.
        """
        subject.require_user()
        async with self._kit.db.transaction() as session:
            # The account's row is locked: its other requests for the same Ripple wait, and find this one.
            await charge(session, subject.id, 0, self._kit.settings)
            waves = WaveRepository(session)
            seen = await waves.seen(subject.id, wave_id)
            if seen is not None and await waves.bare(subject.id, original_of(seen)) is not None:
                return original_of(seen)
            await charge(session, subject.id, size_of(""), self._kit.settings)
            original = await share(session, subject.id, wave_id)
            ripple = Wave(
                id=new_id(),
                author=subject.id,
                text="",
                pieces=[],
                visibility="public",
                ripple_of=original.id,
                bare=True,
            )
            ripple = await waves.add(ripple)
            await tell(session, ripple)
        return original.id

    async def undo(self, subject: Subject, wave_id: UUID) -> None:
        """Share a Wave on no longer, without words; where it isn't shared, do nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._kit.db.transaction() as session:
            await charge(session, subject.id, 0, self._kit.settings)
            ripple = await WaveRepository(session).bare(subject.id, wave_id)
            if ripple is not None:
                await charge(session, subject.id, -size_of(""), self._kit.settings)
                await remove(session, ripple)
