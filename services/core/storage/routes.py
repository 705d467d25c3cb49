"""What presigned URLs of a directory lead to: `/v1/files/KEY`. A bucket answers its own.

Who has a URL may do what it says, and needs no token for it. What is stored is users' own, so a browser shows it as
what it was said to be, or keeps it, and runs nothing of it.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from litestar import Request, get, put
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import File
from litestar.router import Router

from services.core.problems import Problem, closed, malformed, not_found, unsupported
from services.core.storage.directory import DirectoryStorage, Expired, Grant, NotPermitted, WrongSize
from services.core.storage.files import NoSuchFile, Storage

PATH = "/v1/files"

_CHUNK_BYTES = 262_144
_SHOWN = frozenset({"image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"})
"""What a browser may show in a page of its own: pictures that hold no script. All else is kept as a file."""


def file_routes(storage: Storage) -> Sequence[HTTPRouteHandler | Router]:
    """Return the routes of a storage's presigned URLs, none for a bucket."""
    if not isinstance(storage, DirectoryStorage):
        return []
    return [
        Router(
            PATH,
            route_handlers=[upload, download],
            dependencies={"storage": Provide(lambda: storage, sync_to_thread=False)},
            include_in_schema=False,
        )
    ]


@put("/{key:path}", status_code=204, request_max_body_size=None)
async def upload(
    request: Request[Any, Any, Any], storage: NamedDependency[DirectoryStorage], key: FromPath[str]
) -> None:
    """Store the body, whose type and size are as the URL says."""
    key = key.removeprefix("/")
    grant = _grant(request, storage, key)
    if request.headers.get("content-type", "") != grant.content_type:
        raise unsupported(f"This link accepts {grant.content_type}; send that as 'Content-Type'.")
    if (request.content_length or 0) > grant.max_bytes:
        raise _too_large(grant)
    try:
        await storage.receive(key, request.stream(), grant)
    except WrongSize as exc:
        raise malformed("The file is empty.") if exc.size == 0 else _too_large(grant) from None


@get("/{key:path}")
async def download(
    request: Request[Any, Any, Any], storage: NamedDependency[DirectoryStorage], key: FromPath[str]
) -> File:
    """Return the file."""
    key = key.removeprefix("/")
    grant = _grant(request, storage, key)
    try:
        path, media_type = await asyncio.to_thread(storage.find, key)
    except NoSuchFile:
        raise not_found("file") from None
    return File(
        path,
        filename=grant.name or path.name,
        content_disposition_type="inline" if media_type in _SHOWN and not grant.name else "attachment",
        chunk_size=_CHUNK_BYTES,
        headers={
            "content-type": media_type,  # as it stands: `media_type` would have a charset added to text
            "content-security-policy": "default-src 'none'; sandbox",
            "cross-origin-resource-policy": "same-site",
            "cache-control": f"private, max-age={max(0, grant.expires - int(time.time()))}",
        },
    )


def _grant(request: Request[Any, Any, Any], storage: DirectoryStorage, key: str) -> Grant:
    try:
        return storage.verify(request.method, key, dict(request.query_params.items()))
    except Expired:
        raise closed("This link has expired. Ask for a new one.") from None
    except NotPermitted:
        raise Problem(403, "bad-link", "This link isn't valid", "This link isn't valid, or isn't for this.") from None


def _too_large(grant: Grant) -> Problem:
    return Problem(413, "too-large", "The request is too large", f"This link accepts {grant.max_bytes} bytes at most.")
