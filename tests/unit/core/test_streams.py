"""A streamed answer gives its place back however it ends, and also if it never began."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from litestar import Request
from services.core.http.request import HEAD
from services.core.http.streaming import BoundStream
from services.core.shares import Shares

SCOPE: Any = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}


async def content(pieces: int) -> AsyncGenerator[bytes, None]:
    for _ in range(pieces):
        yield b"x"
        await asyncio.sleep(0)


async def answered(shares: Shares, scope: Any, fails_at: str = "") -> list[Any]:
    """Send an answer of two pieces to a client that goes away when it gets a message of a type."""
    answer = BoundStream(content(2), "text/plain", place=shares.take(None, "here"))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        if message["type"] == fails_at:
            raise OSError
        sent.append(message)

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def left() -> None:
        while not sent or sent[-1].get("more_body", True):
            await asyncio.sleep(0.01)

    asgi = answer.to_asgi_response(None, Request(scope))
    task = asyncio.create_task(asgi(scope, receive, send))
    await asyncio.wait({task, asyncio.create_task(left())}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
    await asyncio.wait({task})
    return sent


@pytest.mark.parametrize("scope", [SCOPE, {**SCOPE, HEAD: True}])
@pytest.mark.parametrize("fails_at", ["", "http.response.start", "http.response.body"])
async def test_the_place_is_free_in_the_end(scope: Any, fails_at: str) -> None:
    shares = Shares("streams", places=1, account=1, address=1)
    sent = await answered(shares, dict(scope), fails_at)
    assert shares.taken == 0
    if not fails_at:
        assert b"".join(message.get("body", b"") for message in sent) == (b"" if HEAD in scope else b"xx")
