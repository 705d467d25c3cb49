"""A body that doesn't arrive is given up; an answer that lasts isn't."""

import asyncio
from typing import Any

import pytest
from litestar import Litestar, Request, post
from services.core.http import edge, errors


@post("/read", status_code=200)
async def read(request: Request[Any, Any, Any]) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@post("/wait", status_code=200)
async def wait(request: Request[Any, Any, Any]) -> dict[str, str]:
    await request.body()
    return {"then": (await request.receive())["type"]}


@pytest.fixture
def app() -> edge.Edge:
    inner = Litestar([read, wait], exception_handlers=errors.HANDLERS, openapi_config=None, logging_config=None)
    return edge.Edge(inner, asyncio.Event())


async def answer_to(app: edge.Edge, path: str, receive: Any) -> tuple[int, bytes]:
    """Return the status and body that a POST gets."""
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"here"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_body_that_comes_drop_by_drop_is_given_up(app: edge.Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_BODY_SECONDS", 0.2)

    async def drops() -> Any:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    status, body = await answer_to(app, "/read", drops)
    assert status == 408
    assert b"problems/too-slow" in body


async def test_a_body_that_never_comes_is_given_up(app: edge.Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_BODY_SECONDS", 0.05)

    async def nothing() -> Any:
        await asyncio.sleep(60)

    status, _ = await answer_to(app, "/read", nothing)
    assert status == 408


async def test_waiting_for_the_end_of_a_connection_takes_as_long_as_it_takes(
    app: edge.Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "_BODY_SECONDS", 0.05)
    messages: list[Any] = [{"type": "http.request", "body": b"{}", "more_body": False}]

    async def late() -> Any:
        if messages:
            return messages.pop()
        await asyncio.sleep(0.2)
        return {"type": "http.disconnect"}

    status, body = await answer_to(app, "/wait", late)
    assert (status, body) == (200, b'{"then":"http.disconnect"}')
