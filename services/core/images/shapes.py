"""In which sizes an image is kept."""

from msgspec import Struct


class Shape(Struct, frozen=True):
    """The sizes of one kind of image, each a box in pixels.

    Attributes:
        boxes: Width and height by the file's name, from small to large.
        filled: The middle is cut out to fill the box; else the whole image fits into it. Nothing is enlarged unless it
            has to fill.
    """

    boxes: dict[str, tuple[int, int]]
    filled: bool

    @property
    def largest(self) -> str:
        """Return the name of the largest size."""
        return next(reversed(self.boxes))


AVATAR = Shape({"64": (64, 64), "256": (256, 256), "512": (512, 512)}, filled=True)
BANNER = Shape({"600": (600, 200), "1200": (1200, 400), "1800": (1800, 600)}, filled=True)
PICTURE = Shape({"320": (320, 640), "960": (960, 1920), "1920": (1920, 2560)}, filled=False)

NAMES = frozenset(name for shape in (AVATAR, BANNER, PICTURE) for name in shape.boxes)
"""The names of all sizes."""
