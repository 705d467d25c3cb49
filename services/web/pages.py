"""Serves the web client's build beside the API: a `Front`, so that routes of the API never meet it.

    /assets/NAME        a file whose name holds the hash of its content: kept by browsers for ever
    /  /p/CODE  …       the client's own pages: a document each, which is asked for anew each time (documents.py)
    /sw.js              its service worker, which is asked for anew, too: it brings each new version
    /index.html         the document that the service worker keeps, which is any page's
    /manifest.webmanifest    what the client is called and looks like where it is installed

Everything else is the API's. While there is no build, pages say that it is being made, or leave the request to the API.
"""

import asyncio
import hashlib
import mimetypes
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from services.core.http.compression import chosen
from services.core.problems import not_found
from services.core.service import Answering
from services.web.build import PACKED
from services.web.documents import INDEX, Documents, documents_of

PAGES = re.compile(
    r"/|/(p|r|u|polls|waves|tags|messages)/[^/]{1,200}|/messages/with/[^/]{1,200}"
    r"|/r/[^/]{1,200}/screen|/polls/[^/]{1,200}/(edit|voters)|/rooms/[^/]{1,200}/host"
    r"|/(sign-in|sign-up|forgot|reset|verify|new|home|explore|join|rooms|people|receipts|settings|notifications|moderation"
    r"|messages)"
)
"""The client's own paths, as `frontend/src/routes` has them."""

ASSETS = re.compile(r"/assets/([A-Za-z0-9_-][A-Za-z0-9._-]{0,120})")
FILES = re.compile(r"/(sw\.js|manifest\.webmanifest|index\.html)")
"""Files of the build that have the same name in every version."""

_TYPES = {
    ".html": "text/html",
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_NOTHING: Mapping[str, str] = {}
_MAKING = b"""<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>VoteWave</title>
<h1>VoteWave is up; its pages are being made</h1>
<p>That takes less than a minute, once. This page then shows by itself.
The API is there already: <a href="/docs">its reference</a>.
"""


class Pages:
    """The build in a folder, as it is there at each request.

    Args:
        folder: Has `index.html` and `assets/`.
        making: Says whether a build is under way.
        uploads: The origin that browsers upload files to, where that isn't this one.
    """

    def __init__(self, folder: Path, making: Callable[[], bool] = lambda: False, uploads: str = "") -> None:
        self._folder = folder
        self._making = making
        self._documents: tuple[int, Documents | None] = (0, None)
        connect = f"connect-src 'self' {uploads}".rstrip()
        self._guards = {
            "content-security-policy": "; ".join((*_POLICY, connect)),
            "referrer-policy": "strict-origin-when-cross-origin",
            "cross-origin-opener-policy": "same-origin",
        }

    def is_there(self) -> bool:
        """Return whether there is a build."""
        return (self._folder / INDEX).is_file()

    def __call__(self, scope: dict[str, Any]) -> Answering | None:
        """Take GET and HEAD of the client's own paths."""
        path = scope["path"]
        if scope["method"] not in {"GET", "HEAD"}:
            return None
        if asset := ASSETS.fullmatch(path):
            scope["path_template"], scope["path_params"] = "/assets/{name}", {}
            name = asset[1]
            return lambda request: self._asset(request, name)
        if file := FILES.fullmatch(path):
            scope["path_template"], scope["path_params"] = path, {}
            name = file[1]
            return lambda request: self._file(request, name)
        if PAGES.fullmatch(path) and (self.is_there() or self._making()):
            scope["path_template"], scope["path_params"] = "/{page}", {}
            return self._page
        return None

    async def _asset(self, request: Request[Any, Any, Any], name: str) -> ASGIApp:
        path = self._folder / "assets" / name
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
        packed = {coding: path.with_name(f"{name}{ending}") for coding, ending in PACKED.items()}
        if coding := chosen(request.scope["headers"], [one for one, it in packed.items() if it.is_file()]):
            path, headers["content-encoding"] = packed[coding], coding
        body = await _read(path)
        if body is None:
            raise not_found("file")
        suffix = Path(name).suffix
        kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return _answer(request, body, kind, headers)

    async def _file(self, request: Request[Any, Any, Any], name: str) -> ASGIApp:
        body = await _read(self._folder / name)
        if body is None:
            raise not_found("file")
        return self._asked_for_anew(request, body, _TYPES[Path(name).suffix])

    async def _page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        documents = await asyncio.to_thread(self._built)
        name = documents.of(request.scope["path"], request.headers, request.cookies) if documents else INDEX
        body = await _read(self._folder / name)
        if body is None:
            return _answer(request, _MAKING, "text/html", self._guards | {"refresh": "2", "retry-after": "2"}, 503)
        return self._asked_for_anew(request, body, "text/html", {"vary": "accept-language, cookie"})

    def _built(self) -> Documents | None:
        """Return the documents of the build that is there now; what they are is read once a build."""
        try:
            made = (self._folder / "documents.json").stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if self._documents[0] != made:
            self._documents = made, documents_of(self._folder)
        return self._documents[1]

    def _asked_for_anew(
        self, request: Request[Any, Any, Any], body: bytes, kind: str, more: Mapping[str, str] = _NOTHING
    ) -> ASGIApp:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = self._guards | {"cache-control": "no-cache", "etag": tag} | dict(more)
        if tag in request.headers.get("if-none-match", ""):
            return ASGIResponse(body=b"", status_code=304, headers=headers)
        return _answer(request, body, kind, headers)


async def _read(path: Path) -> bytes | None:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        return None


def _answer(
    request: Request[Any, Any, Any], body: bytes, kind: str, headers: dict[str, str], status: int = 200
) -> ASGIApp:
    head = request.scope["method"] == "HEAD"
    return ASGIResponse(
        body=b"" if head else body,
        content_length=len(body),
        media_type=kind,
        headers=headers,
        status_code=status,
        is_head_response=head,
    )
