"""Images are decoded in a process of their own, whatever was sent."""

import io
import struct
import zlib
from collections.abc import AsyncGenerator

import msgspec
import pytest
from PIL import Image
from services.core.children import alone
from services.core.images import decoding
from services.core.images.decoding import BROKEN, MOVING, PIXELS, TYPE, Asked, Made, decode
from services.core.images.shapes import AVATAR, PICTURE, Shape


async def decoded(data: bytes, shape: Shape = AVATAR) -> Made | int | None:
    async def given() -> AsyncGenerator[bytes, None]:
        yield msgspec.msgpack.encode(Asked(shape, data))

    code, answer = await alone(decode, given(), 30)
    return msgspec.msgpack.decode(answer, type=Made) if code == 0 else code


def a_picture(kind: str = "PNG", size: tuple[int, int] = (900, 600), **options: object) -> bytes:
    """Return a picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, (220, 20, 20))
    picture.paste((20, 20, 220), (size[0] // 2, 0, *size))
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def a_png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """Return a PNG that says to be of some size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_each_kind_becomes_webp_in_three_sizes(kind: str) -> None:
    made = await decoded(a_picture(kind))
    assert isinstance(made, Made)
    for name, box in AVATAR.boxes.items():
        with Image.open(io.BytesIO(made.files[name])) as opened:
            assert (opened.format, opened.size) == ("WEBP", box)
    made = await decoded(a_picture(kind), PICTURE)
    assert isinstance(made, Made)
    assert (made.width, made.height) == (900, 600), "it is never enlarged"


async def test_it_is_turned_upright_and_tells_nothing_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: what is on the left comes to the top
    exif[0x010E] = "taken at my home"
    for size in ((900, 600), (9000, 3000)):
        made = await decoded(a_picture("JPEG", size, exif=exif, comment=b"by Ada"), PICTURE)
        assert isinstance(made, Made)
        assert made.height > made.width
        for data in made.files.values():
            assert not any(mark in data for mark in (b"EXIF", b"XMP ", b"ICCP", b"my home", b"Ada"))
            with Image.open(io.BytesIO(data)) as opened:
                upper, lower = (opened.convert("RGB").getpixel((5, y)) for y in (5, opened.height - 5))
        assert isinstance(upper, tuple)
        assert isinstance(lower, tuple)
        assert upper[0] > 150 > upper[2]
        assert lower[2] > 150 > lower[0]


async def test_transparency_and_palettes_are_kept() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 255, 0, 0)).quantize().save(target, "PNG")
    made = await decoded(target.getvalue())
    assert isinstance(made, Made)
    with Image.open(io.BytesIO(made.files["256"])) as opened:
        assert opened.mode == "RGBA"
        assert opened.getpixel((9, 9))[3] == 0  # type: ignore[index]  # of RGBA, it is a tuple


async def test_hostile_files_are_refused_for_what_they_are() -> None:
    moving = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    files: list[tuple[bytes, int]] = [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", TYPE),
        (b"GIF89a" + bytes(50), TYPE),
        (b"", TYPE),
        (a_png(30_000, 30_000, bytes(1_000_000)), PIXELS),
        (a_png(2**31 - 1, 1), PIXELS),
        (a_png(6000, 6000, bytes(1_000_000)), BROKEN),
        (a_picture()[:-200], BROKEN),
        (a_picture("JPEG")[:-700], BROKEN),
        (a_picture("WEBP")[:-90], BROKEN),
        (b"\xff\xd8\xff" + bytes(500), BROKEN),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(30), BROKEN),
    ]
    for kind in ("PNG", "WEBP"):
        target = io.BytesIO()
        moving[0].save(target, kind, save_all=True, append_images=moving[1:])
        files.append((target.getvalue(), MOVING))
    for data, code in files:
        assert await decoded(data) == code, data[:40]


async def test_the_largest_that_is_taken_fits_into_the_memory() -> None:
    """Of the mode that takes most, and of those that are changed to it."""
    for mode, kind in (("RGBA", "PNG"), ("P", "PNG"), ("CMYK", "JPEG")):
        target = io.BytesIO()
        Image.new(mode, (8000, decoding.MAX_PIXELS // 8000)).save(target, kind, compress_level=1)
        assert isinstance(await decoded(target.getvalue(), PICTURE), Made), mode
