"""Images of Waves: uploaded and made ready first, then shown by a Wave."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct, convert, to_builtins
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.images.images import Begun, Images
from services.core.images.shapes import PICTURE
from services.core.images.tables import address
from services.core.kit import Kit
from services.core.problems import over_quota
from services.core.refusals import Refusals
from services.core.text import clean_text
from services.expressions.models import Image
from services.expressions.repository import ImageRepository
from services.expressions.schemas import MAX_DESCRIPTION, MAX_IMAGES, ImageView, WaveImageNew, WaveImageView
from services.expressions.settings import ExpressionsSettings

_ROW_BYTES = 200


class Shown(Struct, frozen=True):
    """An image that a Wave shows, as it stands in the Wave's row."""

    id: UUID
    width: int
    height: int
    description: str


class Picturing:
    """How images come into Waves.

    Attributes:
        images: The service's.
    """

    def __init__(self, kit: Kit[ExpressionsSettings]) -> None:
        self._kit = kit
        self.images = Images(kit, Image, kit.settings.image_megabytes_per_account * 1_000_000)

    async def begin(self, subject: Subject, content_type: str) -> Begun:
        """Allow one upload.

        Raises:
            Problem: 403 for guests, 422 for another type, 429 if too many of the subject's images are shown nowhere.
        """
        subject.require_user()
        return await self.images.begin(subject.id, content_type)

    async def make(self, subject: Subject, image: UUID, site: str) -> ImageView:
        """Make an upload ready to be shown; again, it does nothing.

        Args:
            subject: Who has begun it.
            image: Which.
            site: The site that the request comes from.

        Raises:
            Problem: 403 for guests, 404, 409, 422, 429 or 503: see `Images.make`.
        """
        subject.require_user()
        await self.images.make(subject.id, image, PICTURE, site)
        async with self._kit.db.reading() as session:
            row = await ImageRepository(session).get_one(id=image)
        return ImageView(**_paths(image), width=row.width, height=row.height)

    async def use(self, session: AsyncSession, account: UUID, wanted: Sequence[WaveImageNew]) -> list[dict[str, Any]]:
        """Let a Wave show images from now on; return them as they stand in its row. The account's row is locked.

        Raises:
            Problem: 409 if one isn't the account's, isn't ready or is shown already; 429 if there is no room.
        """
        if not wanted:
            return []
        most = self._kit.settings.images_per_account
        if await ImageRepository(session).shown(account) + len(wanted) > most:
            raise over_quota(f"Your Waves show {most:,} images, all that one account may have. Delete some Waves.")
        rows = await self.images.use(session, account, [each.image for each in wanted])
        both = zip(rows, wanted, strict=True)
        return [to_builtins(Shown(row.id, row.width, row.height, each.description)) for row, each in both]


def checked_images(found: Refusals, wanted: Sequence[WaveImageNew]) -> list[WaveImageNew]:
    """Return what a Wave is to show, descriptions cleaned; what is wrong is added to `found`."""
    found.number("images", len(wanted), 0, MAX_IMAGES)
    if len({each.image for each in wanted}) < len(wanted):
        found.add("images", "names an image twice")
    cleaned = []
    for number, each in enumerate(wanted[:MAX_IMAGES]):
        field = f"images.{number}.description"
        text = found.text(field, clean_text, each.description, MAX_DESCRIPTION, required=False)
        cleaned.append(WaveImageNew(image=each.image, description=text))
    return cleaned


def weight_of(images: Iterable[Shown | WaveImageNew]) -> int:
    """Return about how many bytes images take in a Wave's row."""
    return sum(_ROW_BYTES + len(each.description.encode()) for each in images)


def shown_by(wave: Any) -> list[Shown]:
    """Return the images of a Wave's row."""
    return convert(wave.images, list[Shown])


def views_of(wave: Any) -> list[WaveImageView]:
    """Return the images of a Wave's row as they are answered."""
    return [
        WaveImageView(**_paths(each.id), width=each.width, height=each.height, description=each.description)
        for each in shown_by(wave)
    ]


def _paths(image: UUID) -> dict[str, Any]:
    sizes = zip(("small", "medium", "large"), PICTURE.boxes, strict=True)
    return {"id": image} | {name: address("expressions", image, size) for name, size in sizes}
