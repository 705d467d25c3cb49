"""What every service with images serves of them."""

import re
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from msgspec import Meta, Struct

from services.core.http.api import problems
from services.core.images.images import MAX_BYTES, TYPES, Images
from services.core.images.shapes import NAMES
from services.core.problems import not_found

_FILE = re.compile(rf"({'|'.join(sorted(NAMES, key=int))})\.webp")
_HEADERS = {
    # Nobody can call back what a browser keeps; a day, so that a deleted image is soon gone there as well.
    "cache-control": "public, max-age=86400, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}

REFUSALS = {
    404: "`not-found`: you have begun no such upload.",
    409: "`not-uploaded`: the file isn't there yet. `image-used`: it is being made, or shown elsewhere.",
    422: "`image-type`: it is no JPEG, PNG or WebP. `image-too-large`: it has too many pixels. "
    "`image-moving`: it is an animation. `image-broken`: it can't be read to its end.",
}
"""Why an upload isn't made into an image."""


class ImageAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """The image that is to be uploaded."""

    content_type: Annotated[
        str,
        Meta(
            extra_json_schema={"extra": {"enum": list(TYPES)}},
            description=f"The file has {MAX_BYTES // 1_000_000} MB at most.",
            examples=["image/jpeg"],
        ),
    ]


class ImageChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """An image that was uploaded."""

    image: UUID


def image_controller(name: str, tag: str) -> type[Controller]:
    """Return what serves the images of a service that asks for its `Images` as the part `images`.

    Args:
        name: What one is called in the API's description: `ProfileImage`.
        tag: Among which routes it stands there.
    """

    class ImageController(Controller):
        """The images that a service shows."""

        tags = (tag,)

        @get(
            "/images/{image:uuid}/{file:str}",
            operation_id=f"{name}Read",
            summary="See an image",
            media_type="image/webp",
            # Generators of clients know no type of images, and warn of it.
            responses={
                200: ResponseSpec(None, description="The image, `image/webp`.", generate_examples=False),
                **problems({}, 404),
            },
        )
        async def read(
            self, images: NamedDependency[Images], image: FromPath[UUID], file: FromPath[str]
        ) -> Response[bytes]:
            """Return one size of an image. Its address is never used again for another one."""
            if (known := _FILE.fullmatch(file)) is None:
                raise not_found("image")
            return Response(await images.read(image, known[1]), media_type="image/webp", headers=_HEADERS)

    return ImageController
