"""The time that is measured of a request ends where its answer begins, however long a stream then lives."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
from litestar import Litestar, get
from litestar.response import Stream
from prometheus_client import REGISTRY
from services.core.http.edge import Edge
from services.core.observe import access
from structlog.testing import capture_logs

LIFE = 1.3


@get("/stream")
async def stream() -> Stream:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.sleep(LIFE)
        yield b"two"

    return Stream(chunks())


def observed(what: str) -> float:
    return REGISTRY.get_sample_value(f"votewave_http_request_duration_seconds_{what}", {"route": "/stream"}) or 0.0


@pytest.fixture
def all_levels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lines of every level are written, whatever the process was set to, or has written, before."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0), cache_logger_on_first_use=False)
    monkeypatch.setattr(access, "log", structlog.get_logger("http"))  # the former one may have kept former settings
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("all_levels")
async def test_a_stream_s_life_is_no_latency() -> None:
    app = Edge(Litestar([stream], openapi_config=None), asyncio.Event())
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/stream",
        "raw_path": b"/stream",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"here")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[bytes] = []

    async def receive() -> Any:
        await asyncio.sleep(LIFE + 0.3)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    with capture_logs() as logged:
        await app(scope, receive, send)
    assert b"".join(sent) == b"onetwo"
    assert observed("count") == 1
    assert observed("sum") < LIFE / 2
    assert [line["log_level"] for line in logged if line["event"] == "request"] == ["debug"]
