"""Decodes one image and makes its sizes, in a process of its own: whoever breaks the decoder breaks that alone.

Pillow is imported here and by nobody else, when the work begins. What an image says beside its pixels (where it was
taken, by which camera) is read to turn it upright and to get its colours right, and isn't written again.
"""

import contextlib
import io
import resource
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from services.core.images.shapes import Shape

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_PIXELS = 40_000_000
_MAX_SIDE = 16_000
_MEMORY_BYTES = 640 << 20
_QUALITY = 82
_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")

TYPE, PIXELS, MOVING, BROKEN = 11, 12, 13, 14
"""Exit codes: why an image isn't taken."""


class Asked(msgspec.Struct, frozen=True):
    """An image, and the sizes it is to be made in."""

    shape: Shape
    data: bytes


class Made(msgspec.Struct, frozen=True):
    """The sizes of an image as WebP files, by name; `width` and `height` are of the largest."""

    width: int
    height: int
    files: dict[str, bytes]


def decode(given: BinaryIO, answer: BinaryIO) -> int:
    """Read `Asked` and write `Made`, both as MessagePack; return 0, or why the image isn't taken."""
    with contextlib.suppress(ValueError, OSError):  # a lower limit may be set already
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    asked = msgspec.msgpack.decode(given.read(), type=Asked)
    if not (asked.data.startswith(_HEADS) or (asked.data[:4] == b"RIFF" and asked.data[8:12] == b"WEBP")):
        return TYPE
    try:
        made = _made(asked)
    except MemoryError:
        return PIXELS
    except Exception:  # noqa: BLE001  (a decoder raises whatever it likes over a file that was made to break it)
        return BROKEN
    if isinstance(made, int):
        return made
    answer.write(msgspec.msgpack.encode(made))
    return 0


def _made(asked: Asked) -> Made | int:
    from PIL import Image, ImageOps  # noqa: PLC0415 - 20 MB, for this process alone

    Image.MAX_IMAGE_PIXELS = None  # asked below, before anything is decoded
    with Image.open(io.BytesIO(asked.data), formats=("JPEG", "PNG", "WEBP")) as opened:
        # A phone's JPEG may hold a second picture, such as its depth; the first one is meant.
        if opened.format in {"PNG", "WEBP"} and getattr(opened, "is_animated", False):
            return MOVING
        if opened.width * opened.height > MAX_PIXELS or max(opened.size) > _MAX_SIDE:
            return PIXELS
        largest = max(max(box) for box in asked.shape.boxes.values())
        # A JPEG is decoded to a fraction of its size, if that is enough.
        opened.draft("RGB", (2 * largest, 2 * largest))
        opened.load()
        picture: Picture = _shrunk(opened, 2 * largest)
        ImageOps.exif_transpose(picture, in_place=True)
        picture = _in_plain_colours(picture)
    files: dict[str, bytes] = {}
    width, height = picture.size
    for name, box in asked.shape.boxes.items():
        if asked.shape.filled:
            sized = ImageOps.fit(picture, box, Image.Resampling.LANCZOS)
        else:
            sized = picture.copy()
            sized.thumbnail(box, Image.Resampling.LANCZOS)
        target = io.BytesIO()
        sized.save(target, "WEBP", quality=_QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
        files[name] = target.getvalue()
        width, height = sized.size
    return Made(width, height, files)


def _shrunk(opened: "Picture", side: int) -> "Picture":
    """Return an image with no side far above what is needed, before it is copied again and again."""
    factor = max(opened.size) // side
    if factor < 2 or opened.mode not in {"L", "LA", "RGB", "RGBA", "CMYK"}:
        return opened
    smaller = opened.reduce(factor)
    smaller.info = opened.info
    smaller.getexif().update(opened.getexif())
    return smaller


def _in_plain_colours(picture: "Picture") -> "Picture":
    """Return an image as sRGB, with transparency if it has any."""
    from PIL import ImageCms  # noqa: PLC0415 - see above

    mode = "RGBA" if picture.has_transparency_data else "RGB"
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):  # shown as if it said nothing
            changed = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
            )
            if changed is not None:
                return changed
    return picture if picture.mode == mode else picture.convert(mode)
