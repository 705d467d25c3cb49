"""What a client can't do to the server: dribble, never end, or stay for nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from core_place import free_port
from services.core.serve import listener as listening
from services.core.serve.listener import MAX_HEAD_BYTES, Listener


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the body's length, after it has come, and with what `x-said` says."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message["more_body"]
    body = b" ".join([str(size).encode(), *(value for name, value in scope["headers"] if name == b"x-said")])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(listening, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(listening, "IDLE_SECONDS", 1.5)
    monkeypatch.setattr(listening, "_SWEEP_SECONDS", 0.1)
    port = free_port()
    listener = Listener(echo, "127.0.0.1", port)
    await listener.start()
    yield port
    listener.stop()
    listener.cut_off()
    await listener.finished()
    await listener.close()


async def exchange(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send parts; return all that comes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            if writer.is_closing():  # they were refused before the last was sent
                break
            writer.write(part)
            await asyncio.sleep(pause)
        async with asyncio.timeout(10):
            return await reader.read(-1)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_head_that_comes_drop_by_drop_is_given_up(port: int) -> None:
    began = time.monotonic()
    assert await exchange(port, b"G", b"E", b"T", b" /", pause=0.2) == b""
    assert await exchange(port) == b""
    assert time.monotonic() - began < 5


async def test_a_head_without_end_is_refused(port: int) -> None:
    line = b"X-Long: " + b"x" * 1000 + b"\r\n"
    answer = await exchange(port, b"GET / HTTP/1.1\r\n", *[line] * (MAX_HEAD_BYTES // 900))
    assert answer == b"" or b" 400 " in answer  # the rest of it may reset the connection


async def test_what_isnt_http_gets_a_problem_document(port: int) -> None:
    head, _, body = (await exchange(port, b"BALLOT 1\r\n\r\n")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"].endswith("/malformed-request")


async def test_a_connection_serves_again_and_ends_when_nobody_uses_it(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
    began = time.monotonic()
    answers = await exchange(port, request, request + request, pause=0.3)
    assert answers.count(b"200 OK") == 3
    assert 1 < time.monotonic() - began < 6


async def test_a_body_may_take_longer_than_a_head(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
    assert (await exchange(port, head, b"a", b"b", b"c", pause=0.5)).endswith(b"\r\n\r\n3")


async def test_a_large_head_that_comes_at_once_is_no_harm_to_its_body(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
    assert (await exchange(port, head + b"x" * 100_000)).endswith(b"\r\n\r\n100000")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nX-Said: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
CHUNKED += b"\r\n2\r\nab\r\n0\r\n"


@pytest.mark.parametrize("pause", [0.0, 0.1])
async def test_what_comes_after_a_body_is_no_header(port: int, pause: float) -> None:
    assert (await exchange(port, CHUNKED, b"X-Said: 2\r\n", b"\r\n", pause=pause)).endswith(b"\r\n\r\n2 1")
    assert (await exchange(port, CHUNKED + b"X-Said: 2\r\n\r\n")).endswith(b"\r\n\r\n2 1")


async def test_trailers_without_end_are_refused(port: int) -> None:
    line = b"X-Long: " + b"x" * 1000 + b"\r\n"
    answer = await exchange(port, CHUNKED, *[line] * (MAX_HEAD_BYTES // 900), pause=0.001)
    assert answer == b"" or b" 400 " in answer  # the rest of it may reset the connection


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize("body", [b"", b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_what_cant_begin_a_websocket_is_refused(port: int, method: bytes, body: bytes) -> None:
    head = method + b" / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    assert (await exchange(port, head + body + b"\r\n")).startswith(b"HTTP/1.1 40")
