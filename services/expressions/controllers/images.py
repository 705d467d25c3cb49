"""Images of Waves: begun, uploaded, made ready, shown."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.http.dependencies import site_of
from services.core.http.guards import requires
from services.core.http.limits import limit
from services.core.identity.subject import Subject
from services.core.images.controllers import REFUSALS, ImageAsk, image_controller
from services.core.images.images import Begun
from services.expressions.controllers.rules import TEXTS
from services.expressions.schemas import ImageView
from services.expressions.service import Expressions

_TEXTS = {**TEXTS, **REFUSALS}


class UploadController(Controller):
    """Images before a Wave shows them."""

    path = "/images"
    tags = ("Expressions",)

    @post(
        "/",
        operation_id="WaveImageBegin",
        summary="Begin to upload an image",
        guards=[requires("expressions:write"), limit("image-upload", 120, per=3600)],
        responses=problems(_TEXTS, 400, 401, 403, 422, 429, _422="`image-type`: only JPEG, PNG and WebP are taken."),
    )
    async def begin(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], data: JSONBody[ImageAsk]
    ) -> Begun:
        """Return where the file is to be sent. An image that no Wave shows within an hour is deleted."""
        return await expressions.picturing.begin(subject, data.content_type)

    @put(
        "/{image:uuid}",
        operation_id="WaveImageMake",
        summary="Make an uploaded image ready",
        guards=[requires("expressions:write"), limit("image-make", 120, per=3600)],
        responses=problems(_TEXTS, 401, 403, 404, 409, 422, 429, 503),
    )
    async def make(
        self,
        request: Request[Any, Any, Any],
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        image: FromPath[UUID],
    ) -> ImageView:
        """Make three sizes of an upload, without what the file says of place and camera, and delete the original."""
        return await expressions.picturing.make(subject, image, site_of(request))


WaveImageController = image_controller("WaveImage", "Expressions")
