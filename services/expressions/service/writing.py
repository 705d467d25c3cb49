"""Publishing, changing and deleting Waves."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from services.core import marked
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.marked import Piece, cut, targets
from services.core.problems import conflict, not_found, not_the_owner, over_quota, refused
from services.core.refusals import Refusals
from services.expressions import texts
from services.expressions.models import Revision, Wave
from services.expressions.repository import (
    FilterRepository,
    KeyRepository,
    MentionRepository,
    RevisionRepository,
    WaveRepository,
)
from services.expressions.schemas import WaveEdit, WaveNew
from services.expressions.service.keeping import keep_back
from services.expressions.service.picturing import Picturing, checked_images, shown_by, weight_of
from services.expressions.service.polls import Polls
from services.expressions.service.steps import charge, remove, share, size_of, tell
from services.expressions.settings import ExpressionsSettings

MOST_EDITS = 50
_SLUG = "wave-refused"
_NOT_YOURS = "Only the author can do this."


class Writing:
    """How Waves come to be, change and go."""

    def __init__(self, kit: Kit[ExpressionsSettings], polls: Polls, picturing: Picturing) -> None:
        self._kit = kit
        self._polls = polls
        self._picturing = picturing

    async def create(self, subject: Subject, new: WaveNew, key: str | None) -> tuple[UUID, bool]:
        """Publish a Wave.

        Args:
            subject: Its author.
            new: The Wave.
            key: The request's idempotency key.

        Returns:
            Its id, and whether it is new; it isn't if the key has made it before.

        Raises:
            Problem: 403 for guests, 404 for a Wave to share on that isn't there, 409 if the key was used for another
                request or an image can't be shown, 422, 429 if there is no room, 503.
        """
        subject.require_user()
        found = Refusals(_SLUG)
        images = checked_images(found, new.images)
        required = new.poll is None and (not images or new.ripple_of is not None)
        text, pieces = checked_text(new.text, found, required=required)
        await self._check_poll(subject.id, new.poll)
        wave_id = new_id()
        async with self._kit.db.transaction() as session:
            await FilterRepository(session).share()
            made = await self._made_before(session, subject.id, key, msgspec.json.encode(new), wave_id)
            if made is not None:
                return made, False
            await charge(session, subject.id, size_of(text) + weight_of(images), self._kit.settings)
            shown = await self._picturing.use(session, subject.id, images)
            original = new.ripple_of and (await share(session, subject.id, new.ripple_of)).id
            mentioned, pieces = await resolved(session, subject.id, pieces)
            wave = Wave(
                id=wave_id,
                author=subject.id,
                text=text,
                pieces=msgspec.to_builtins(pieces),
                images=shown,
                visibility=new.visibility,
                poll=new.poll,
                ripple_of=original,
            )
            wave = await WaveRepository(session).add(wave)
            await MentionRepository(session).replace(wave_id, mentioned.values())
            await tell(session, await keep_back(session, wave))
        return wave_id, True

    async def edit(self, subject: Subject, wave_id: UUID, edit: WaveEdit) -> None:
        """Give a Wave another text; what it said before is kept.

        Raises:
            Problem: 403 for somebody else's, 404, 409 for what is hidden, 422, 429 if there is no room.
        """
        subject.require_user()
        async with self._kit.db.transaction() as session:
            await FilterRepository(session).share()
            await charge(session, subject.id, 0, self._kit.settings)
            wave = await self._own(session, subject.id, wave_id)
            if wave.bare:
                raise refused("bare-ripple", "A Ripple without words has no text. Share the Wave on with words.")
            if wave.hidden_as is not None:
                raise conflict("wave-hidden", "This Wave is hidden, so it can't be changed.")
            required = wave.poll is None and (not wave.images or wave.ripple_of is not None)
            text, pieces = checked_text(edit.text, required=required)
            if text == wave.text:
                return
            if wave.edits >= MOST_EDITS:
                raise over_quota(f"This Wave was changed {MOST_EDITS} times, as often as a Wave may be.")
            await charge(session, subject.id, size_of(text), self._kit.settings)
            earlier = Revision(
                wave=wave.id,
                number=wave.edits,
                text=wave.text,
                pieces=wave.pieces,
                at=wave.edited_at or wave.created_at,
            )
            await RevisionRepository(session).add(earlier)
            mentioned, pieces = await resolved(session, subject.id, pieces)
            await MentionRepository(session).replace(wave.id, mentioned.values())
            changed = await WaveRepository(session).change(
                wave.id,
                text=text,
                pieces=msgspec.to_builtins(pieces),
                version=Wave.version + 1,
                edits=Wave.edits + 1,
                edited_at=func.now(),
            )
            await tell(session, await keep_back(session, changed))

    async def delete(self, subject: Subject, wave_id: UUID) -> None:
        """Delete a Wave; where there is none, do nothing.

        Raises:
            Problem: 403 for somebody else's.
        """
        subject.require_user()
        async with self._kit.db.transaction() as session:
            await charge(session, subject.id, 0, self._kit.settings)
            waves = WaveRepository(session)
            wave = await waves.own(subject.id, wave_id)
            if wave is None:
                if await waves.seen(subject.id, wave_id) is not None:
                    raise not_the_owner(_NOT_YOURS)
                return
            revisions = await RevisionRepository(session).of(wave.id)
            images = shown_by(wave)
            size = size_of(wave.text) + weight_of(images) + sum(size_of(revision.text) for revision in revisions)
            await charge(session, subject.id, -size, self._kit.settings)
            await self._picturing.images.drop(session, [each.id for each in images])
            await remove(session, wave)

    async def _check_poll(self, viewer: UUID, poll: UUID | None) -> None:
        if poll is not None and not await self._polls.may_see(viewer, poll):
            found = Refusals(_SLUG)
            found.add("poll", "There is no such published poll, or you may not see it.")
            found.check()

    async def _made_before(
        self, session: AsyncSession, author: UUID, key: str | None, request: bytes, new: UUID
    ) -> UUID | None:
        """Return the Wave that an idempotency key has made; None if the key is the new Wave's now."""
        if key is None:
            return None
        waves = WaveRepository(session)
        digest = hashlib.sha256(request).digest()
        until = await waves.clock() + timedelta(hours=self._kit.settings.idempotency_hours)
        taken = await KeyRepository(session).claim(author, key, digest, new, until)
        if taken is None:
            return None
        if taken.body_hash != digest:
            raise conflict("idempotency-key-used", "This Idempotency-Key was sent with another Wave. Use a new one.")
        if await waves.seen(author, taken.wave) is None:
            raise conflict("idempotency-key-used", "The Wave that this Idempotency-Key made is deleted. Use a new one.")
        return taken.wave

    async def _own(self, session: AsyncSession, author: UUID, wave_id: UUID) -> Wave:
        waves = WaveRepository(session)
        wave = await waves.own(author, wave_id)
        if wave is None:
            if await waves.seen(author, wave_id) is not None:
                raise not_the_owner(_NOT_YOURS)
            raise not_found("Wave")
        return wave


def checked_text(text: str, found: Refusals | None = None, *, required: bool) -> tuple[str, list[Piece]]:
    """Return a text cleaned and cut.

    Raises:
        Problem: 422 for what is wrong with it, or was found before.
    """
    found = found or Refusals(_SLUG)
    text = found.text("text", texts.clean, text, texts.MAX_CHARACTERS, required=required)
    pieces = cut(text)
    for kind, most, what in (("mention", texts.MAX_MENTIONS, "people"), ("tag", texts.MAX_TAGS, "tags")):
        if len(targets(pieces, kind)) > most:  # type: ignore[arg-type]  # `kind` is one of theirs
            found.add("text", f"names more than {most} {what}")
    found.check()
    return text, pieces


async def resolved(session: AsyncSession, author: UUID, pieces: list[Piece]) -> tuple[Mapping[str, UUID], list[Piece]]:
    """Return whom a text mentions, by handle, and its pieces with accounts; who isn't there is plain text."""
    accounts = await MentionRepository(session).called(author, targets(pieces, "mention"))
    return accounts, marked.resolved(pieces, accounts)
