"""Pictures and files: before a message carries them, and for those who read it."""

import re
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.http.dependencies import site_of
from services.core.http.guards import requires
from services.core.http.limits import limit
from services.core.identity.subject import Subject
from services.core.images.controllers import REFUSALS
from services.core.images.images import Begun
from services.core.problems import not_found
from services.messaging.controllers.rules import READS, TEXTS
from services.messaging.schemas import AnyAttachment, AttachmentAsk, AttachmentLink
from services.messaging.service import Messaging

_FILE = re.compile(r"([0-9]{1,4})\.webp")
_HEADERS = {
    # Whether somebody may still see it is asked each time.
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}
_TEXTS = {**TEXTS, **REFUSALS, 422: f"{REFUSALS[422]} `file-type`: a file isn't of its type, or holds macros."}
_NO_ATTACHMENT = "It isn't there, or you may not see it: you aren't in its conversation, or the two of you are apart."


class AttachmentController(Controller):
    """Pictures and files that go with messages."""

    path = "/attachments"
    tags = ("Messages",)

    @post(
        "/",
        operation_id="MessageAttachmentBegin",
        summary="Begin to upload a picture or file",
        guards=[requires("messages:write"), limit("attachment-upload", 120, per=3600)],
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            413,
            429,
            _422="`file-type`: this type isn't taken. `message-refused`: the file has no name, or a bad one.",
        ),
    )
    async def begin(
        self, messaging: NamedDependency[Messaging], subject: NamedDependency[Subject], data: JSONBody[AttachmentAsk]
    ) -> Begun:
        """Return where the file is to be sent. What no message carries within an hour is deleted."""
        return await messaging.attaching.begin(subject, data)

    @put(
        "/{attachment:uuid}",
        operation_id="MessageAttachmentMake",
        summary="Make an upload ready to be sent",
        guards=[requires("messages:write"), limit("attachment-make", 120, per=3600)],
        responses=problems(_TEXTS, 401, 403, 404, 409, 422, 429, 503),
    )
    async def make(
        self,
        request: Request[Any, Any, Any],
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        attachment: FromPath[UUID],
    ) -> AnyAttachment:
        """Make a picture's sizes, without what it says of place and camera; or find a file to be what it claims."""
        return await messaging.attaching.make(subject, attachment, site_of(request))

    @get(
        "/{attachment:uuid}/link",
        operation_id="MessageAttachmentLink",
        summary="Download a file of a message",
        guards=READS,
        responses=problems({**TEXTS, 404: _NO_ATTACHMENT}, 401, 403, 404, 429),
    )
    async def link(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        attachment: FromPath[UUID],
    ) -> AttachmentLink:
        """Return a link that holds for a minute. Browsers keep what is there as a file, and show it nowhere."""
        return await messaging.attaching.link(subject, attachment)

    @get(
        "/{attachment:uuid}/{file:str}",
        operation_id="MessageAttachmentRead",
        summary="See a picture of a message",
        guards=READS,
        media_type="image/webp",
        # Generators of clients know no type of images, and warn of it.
        responses={
            200: ResponseSpec(None, description="The picture, `image/webp`.", generate_examples=False),
            **problems({**TEXTS, 404: _NO_ATTACHMENT}, 401, 403, 404, 429),
        },
    )
    async def read(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        attachment: FromPath[UUID],
        file: FromPath[str],
    ) -> Response[bytes]:
        """Return one size of a picture, as the message's `attachments` name it."""
        if (known := _FILE.fullmatch(file)) is None:
            raise not_found("attachment")
        data = await messaging.attaching.picture(subject, attachment, known[1])
        return Response(data, media_type="image/webp", headers=_HEADERS)
