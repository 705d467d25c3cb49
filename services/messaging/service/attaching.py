"""Pictures and files: uploaded and looked through first, then sent with a message, seen by its readers alone."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.children import alone
from services.core.identity.subject import Role, Subject
from services.core.images import documents
from services.core.images.documents import SUFFIXES
from services.core.images.images import TYPES, Begun, Images
from services.core.images.shapes import PICTURE
from services.core.images.stored import original
from services.core.kit import Kit
from services.core.problems import not_found, refused, unavailable
from services.core.refusals import Refusals
from services.core.text import clean_line, clean_text
from services.messaging.models import Attachment
from services.messaging.repository.attachments import AttachmentRepository
from services.messaging.schemas import (
    MAX_ATTACHMENTS,
    MAX_DESCRIPTION,
    MAX_NAME,
    AnyAttachment,
    AttachmentAsk,
    AttachmentLink,
    AttachmentNew,
    FileAttachment,
    ImageAttachment,
)
from services.messaging.settings import MessagingSettings

_SECONDS = 15.0
_LINK_SECONDS = 60
_LEAST_BYTES = 50_000
"""As what the smallest file counts, so that a quota of bytes bounds their number as well."""
_SIZES = tuple(PICTURE.boxes)


class Uploads(Images):
    """What people upload, pictures and files; a row says which it is."""

    async def look_through(self, subject: Subject, row: Attachment, site: str) -> None:
        """Make a picture's sizes, or find out that a file is what it is said to be; again, it does nothing.

        Raises:
            Problem: As `Images.make`; 422 for a file that is something else.
        """
        async with self._making(subject.id, row.id, site) as found:
            if found is None:
                return
            if row.kind == "image":
                made = await self._make_picture(subject.id, row.id, PICTURE, site)
                size = sum(map(len, made.files.values()))
                found |= {"width": made.width, "height": made.height, "size": size}
            else:
                found["size"] = await self._keep(row, site)

    async def _keep(self, row: Attachment, site: str) -> int:
        data = await self._kit.storage.get(original(row.id))

        async def given() -> AsyncGenerator[bytes, None]:
            yield msgspec.msgpack.encode(documents.Asked(row.content_type, data))

        async with self._turns.turn(site):
            code, _ = await alone(documents.check, given(), _SECONDS)
        if code == documents.OTHER:
            raise refused("file-type", "The file isn't what it is said to be, or holds macros.")
        if code != 0:
            raise unavailable("Looking through the file took too long. Send it again.", 5)
        await self._find_room(row.account, row.id, max(len(data), _LEAST_BYTES))
        await self._kit.storage.put(_key(row.id), data, row.content_type)
        return len(data)

    def _keys(self, image: UUID) -> list[str]:
        return [*super()._keys(image), _key(image)]


class Attaching:
    """How pictures and files come into messages, and who gets them.

    Attributes:
        uploads: All there are.
    """

    def __init__(self, kit: Kit[MessagingSettings]) -> None:
        self._kit = kit
        self.uploads = Uploads(kit, Attachment, kit.settings.attached_megabytes_per_account * 1_000_000)

    async def begin(self, subject: Subject, asked: AttachmentAsk) -> Begun:
        """Allow one upload.

        Raises:
            Problem: 403 for guests, 422 for another type or a bad name, 429 if too many of the subject's are unsent.
        """
        subject.require_user()
        if asked.content_type in TYPES:
            return await self.uploads.begin_any(subject.id, asked.content_type, kind="image", **_of(asked))
        if asked.content_type not in SUFFIXES:
            raise refused("file-type", "Files of this type aren't taken. Send pictures, text, PDF or office documents.")
        found = Refusals("message-refused")
        name = found.text("name", clean_line, asked.name, MAX_NAME)
        found.check()
        more = {**_of(asked), "name": _named(name, SUFFIXES[asked.content_type])}
        return await self.uploads.begin_any(subject.id, asked.content_type, kind="file", **more)

    async def make(self, subject: Subject, attachment: UUID, site: str) -> AnyAttachment:
        """Look through what was uploaded, so that it can be sent; again, it does nothing.

        Args:
            subject: Who has begun it.
            attachment: Which.
            site: The site that the request comes from.

        Raises:
            Problem: 403 for guests, 404, 409, 422, 429 (also if there is no room), or 503.
        """
        subject.require_user()
        async with self._kit.db.reading() as session:
            row = await AttachmentRepository(session).get_one_or_none(id=attachment, account=subject.id)
        if row is None:
            raise not_found("upload")
        await self.uploads.look_through(subject, row, site)
        async with self._kit.db.reading() as session:
            row = await AttachmentRepository(session).get_one_or_none(id=attachment)
        if row is None:  # its account was deleted meanwhile
            raise not_found("upload")
        return view_of(row)

    async def use(self, session: AsyncSession, account: UUID, message: UUID, wanted: Sequence[AttachmentNew]) -> None:
        """Have a message carry what was uploaded.

        Raises:
            Problem: 409 if one isn't the account's, isn't ready or was sent already.
        """
        if not wanted:
            return
        rows = await self.uploads.use(session, account, [each.attachment for each in wanted])
        for place, (row, each) in enumerate(zip(rows, wanted, strict=True)):
            row.message, row.place, row.description = message, place, each.description
        await session.flush()

    async def drop(self, session: AsyncSession, message: UUID) -> None:
        """Forget what goes with a message that is deleted, unless a moderator has to see it first."""
        await self.uploads.drop(session, await AttachmentRepository(session).to_drop(message))

    async def picture(self, subject: Subject, attachment: UUID, size: str) -> bytes:
        """Return one size of a picture, as WebP.

        Raises:
            Problem: 404, also for what one may not see.
        """
        row = await self._readable(subject, attachment)
        if row.kind != "image" or size not in _SIZES:
            raise not_found("attachment")
        return await self.uploads.read(row.id, size)

    async def link(self, subject: Subject, attachment: UUID) -> AttachmentLink:
        """Return where a file is downloaded, for a minute.

        Raises:
            Problem: 404, also for what one may not see.
        """
        row = await self._readable(subject, attachment)
        if row.kind != "file":
            raise not_found("attachment")
        url = await self._kit.storage.presign_get(_key(row.id), _LINK_SECONDS, row.name)
        return AttachmentLink(url=url, expires_in=_LINK_SECONDS)

    async def _readable(self, subject: Subject, attachment: UUID) -> Attachment:
        moderates = subject.role in {Role.MODERATOR, Role.ADMIN}
        async with self._kit.db.reading() as session:
            row = await AttachmentRepository(session).read(subject.id, attachment, moderates=moderates)
        if row is None:
            raise not_found("attachment")
        return row


def view_of(row: Attachment) -> AnyAttachment:
    """Return an attachment as it goes over the wire."""
    if row.kind == "file":
        return FileAttachment(
            id=row.id, name=row.name, content_type=row.content_type, size=row.size, description=row.description
        )
    small, medium, large = (f"/v1/messaging/attachments/{row.id}/{size}.webp" for size in _SIZES)
    sides = {"width": row.width, "height": row.height}
    return ImageAttachment(id=row.id, small=small, medium=medium, large=large, description=row.description, **sides)


def checked_attachments(found: Refusals, wanted: Sequence[AttachmentNew]) -> list[AttachmentNew]:
    """Return what a message is to carry, descriptions cleaned; what is wrong is added to `found`."""
    found.number("attachments", len(wanted), 0, MAX_ATTACHMENTS)
    if len({each.attachment for each in wanted}) < len(wanted):
        found.add("attachments", "names one twice")
    cleaned = []
    for number, each in enumerate(wanted[:MAX_ATTACHMENTS]):
        field = f"attachments.{number}.description"
        text = found.text(field, clean_text, each.description, MAX_DESCRIPTION, required=False)
        cleaned.append(AttachmentNew(attachment=each.attachment, description=text))
    return cleaned


def _key(attachment: UUID) -> str:
    return f"files/{attachment.hex[:2]}/{attachment.hex}"


def _of(asked: AttachmentAsk) -> dict[str, Any]:
    return {"content_type": asked.content_type}


def _named(name: str, suffix: str) -> str:
    """Return a name as which no system takes the file for something else, or for one elsewhere."""
    plain = "".join("_" if sign in '/\\:*?"<>|' else sign for sign in name).lstrip(".") or "file"
    return plain if plain.lower().endswith(suffix) else plain + suffix
