"""Streamed answers that end with their connection.

Litestar's own stream leaves its generator where it stands when a client goes away in the middle of a chunk,
and waits for ever for one that stays and takes nothing; either would hold up the server's end.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, nullcontext
from typing import Any

from litestar import Request
from litestar.background_tasks import BackgroundTask, BackgroundTasks
from litestar.datastructures import Cookie
from litestar.response import Stream
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Message, Receive, Scope, Send

from services.core.http.request import is_head
from services.core.shares import Place

SEND_SECONDS = 10.0
"""A client that takes nothing for so long is gone."""


async def _nothing(pieces: Iterable[bytes] = ()) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece


class _StuckError(Exception):
    """The client takes nothing."""


class _Response(ASGIStreamingResponse):
    place: Place | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; give back the place in the end, also if nothing was ever sent."""
        with self.place or nullcontext():
            await super().__call__(scope, receive, send)

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send the chunks; close the generator in the end, whatever the end was."""

        async def send_soon(message: Message) -> None:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await send(message)
            except TimeoutError as exc:
                raise _StuckError from exc

        generator: Any = self.iterator
        async with aclosing(generator):
            try:
                await super().send_body(send_soon, receive)
            except* _StuckError:
                pass


class BoundStream(Stream):
    """A stream whose generator is closed when its connection ends.

    Args:
        content: The chunks.
        media_type: What they are.
        headers: Of the answer.
        place: What is given back when the connection ends, if there is little of it.
    """

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        media_type: str,
        headers: dict[str, str] | None = None,
        *,
        place: Place | None = None,
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._place = place

    def to_asgi_response(
        self,
        app: Any,
        request: Request[Any, Any, Any],
        *,
        background: BackgroundTask | BackgroundTasks | None = None,
        cookies: Iterable[Cookie] | None = None,
        encoded_headers: Iterable[tuple[bytes, bytes]] | None = None,
        headers: dict[str, str] | None = None,
        is_head_response: bool = False,
        media_type: Any = None,
        status_code: int | None = None,
        type_encoders: Any = None,
    ) -> ASGIStreamingResponse:
        """Return the answer as ASGI sends it; for HEAD, nothing of the content is made."""
        iterator: Any = _nothing() if is_head(request) else self.iterator
        answer = _Response(
            iterator=iterator,
            background=self.background or background,
            content_length=0,
            cookies=[*self.cookies, *(cookies or ())],
            encoded_headers=encoded_headers,
            encoding=self.encoding,
            headers={**(headers or {}), **self.headers},
            is_head_response=is_head_response,
            media_type=str(self.media_type),
            status_code=self.status_code or status_code,
        )
        answer.place = self._place
        return answer
