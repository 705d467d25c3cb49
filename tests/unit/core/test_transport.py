"""What the edge adds to answers: CORS, and compression on routes that are marked for it."""

import gzip
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from core_http import serving
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from services.core.http.compression import chosen, compressing
from services.core.http.quota import Policy, note, quota_headers
from services.core.redis.rate_limit import Decision

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRIEND = "https://app.example.org"


@pytest.fixture(scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("transport")
    async with (
        serving(folder, cors_origins=f"{FRIEND}, https://b.example.org") as (url, _),
        httpx.AsyncClient(base_url=url) as client,
    ):
        yield client


async def test_a_listed_page_may_call_and_read_refusals_too(http: httpx.AsyncClient) -> None:
    asked = await http.options("/v1/anything", headers={"origin": FRIEND, "access-control-request-method": "PUT"})
    assert (asked.status_code, asked.content) == (204, b"")
    assert "PUT" in asked.headers["access-control-allow-methods"]
    assert {"Authorization", "Idempotency-Key"} <= set(asked.headers["access-control-allow-headers"].split(", "))
    for path, status in (("/health/live", 200), ("/v1/nothing", 404)):
        answer = await http.get(path, headers={"origin": FRIEND})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == FRIEND
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "RateLimit" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]
    assert asked.headers["access-control-allow-origin"] == FRIEND
    assert asked.headers["x-trace-id"]


@pytest.mark.parametrize("origin", ["https://evil.example", f"{FRIEND}.evil.example", "null", "*"])
async def test_another_page_is_told_nothing(http: httpx.AsyncClient, origin: str) -> None:
    asked = await http.options("/health/live", headers={"origin": origin, "access-control-request-method": "GET"})
    answer = await http.get("/health/live", headers={"origin": origin})
    for each in (asked, answer):
        assert not [name for name in each.headers if name.startswith("access-control")]
        assert "Origin" in each.headers["vary"], "a cache may not give this answer to a listed page"


async def test_by_default_no_page_is_listed(tmp_path: Path) -> None:
    async with serving(tmp_path) as (url, _), httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/health/live", headers={"origin": FRIEND})
        assert not {"vary", "access-control-allow-origin"} & answer.headers.keys()


async def test_a_large_answer_of_a_marked_route_is_compressed(http: httpx.AsyncClient) -> None:
    plain = await http.get("/openapi.json", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    for coding, unpack in (("gzip", gzip.decompress), ("zstd", zstd.decompress)):
        async with http.stream("GET", "/openapi.json", headers={"accept-encoding": coding}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == coding
            assert int(answer.headers["content-length"]) == len(raw) < len(plain.content)
            assert unpack(raw) == plain.content


async def test_what_is_small_or_not_marked_stays_as_it_is(http: httpx.AsyncClient) -> None:
    health = await http.get("/health/live", headers={"accept-encoding": "gzip"})
    metrics = await http.get("/metrics", headers={"accept-encoding": "gzip"})
    assert len(metrics.content) > 1000
    for answer in (health, metrics):
        assert "content-encoding" not in answer.headers
        assert "vary" not in answer.headers or "Accept-Encoding" not in answer.headers["vary"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5, zstd;q=0.1", "gzip"),
        ("gzip;q=0, zstd;q=0", None),
        ("*", "zstd"),
        ("*, zstd;q=0", "gzip"),
        ("br", None),
        ("", None),
        ("gzip;q=x", None),
    ],
)
def test_the_client_chooses_the_coding(accepted: str, coding: str | None) -> None:
    assert chosen([(b"accept-encoding", accepted.encode())]) == coding


def _scope(accepted: str) -> dict[str, Any]:
    handler = HTTPRouteHandler("/", http_method="GET", opt={"compressed": True})(_nothing)
    Litestar([handler])
    return {"headers": [(b"accept-encoding", accepted.encode())], "route_handler": handler}


async def _nothing() -> None:
    """Answer nothing."""


@pytest.mark.parametrize(("coding", "unpack"), [("gzip", gzip.decompress), ("zstd", zstd.decompress)])
async def test_a_stream_is_compressed_as_one_and_its_etag_is_weak(coding: str, unpack: Any) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    through = compressing(_scope(coding), send)
    pieces = [b"ballot,count\n" * 10, b"1>2,7\n" * 20_000, b"end\n"]
    start = {"type": "http.response.start", "status": 200, "headers": [(b"etag", b'"v1"'), (b"content-length", b"9")]}
    await through(start)
    for piece in pieces:
        await through({"type": "http.response.body", "body": piece, "more_body": True})
    await through({"type": "http.response.body", "body": b"", "more_body": False})
    headers = dict(sent[0]["headers"])
    assert headers[b"etag"] == b'W/"v1"'
    assert headers[b"content-encoding"] == coding.encode()
    assert b"content-length" not in headers
    assert unpack(b"".join(message["body"] for message in sent[1:])) == b"".join(pieces)
    assert [message.get("more_body") for message in sent[1:]][-1] is False


async def test_an_answer_without_a_body_keeps_its_etag() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    through = compressing(_scope("gzip"), send)
    await through({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"v1"')]})
    await through({"type": "http.response.body", "body": b""})
    assert dict(sent[0]["headers"]) == {b"etag": b'"v1"', b"vary": b"Accept-Encoding"}
    assert sent[1]["body"] == b""


def test_of_several_limits_the_tightest_is_told_and_a_refusal_before_all() -> None:
    scope: dict[str, Any] = {"state": {}}
    assert quota_headers(scope) == []
    note(scope, Policy("wide", 100, 60), Decision(True, 90, 6.0, 0.0))
    note(scope, Policy("tight", 10, 60), Decision(True, 2, 48.0, 0.0))
    note(scope, Policy("bytes", 1000, 600, "bytes"), Decision(True, 700, 180.0, 0.0))
    assert quota_headers(scope) == [(b"ratelimit-policy", b'"tight";q=10;w=60'), (b"ratelimit", b'"tight";r=2;t=48')]
    note(scope, Policy("bytes", 1000, 600, "bytes"), Decision(False, 300, 420.0, 33.2))
    assert quota_headers(scope) == [
        (b"ratelimit-policy", b'"bytes";q=1000;w=600;qu="content-bytes"'),
        (b"ratelimit", b'"bytes";r=0;t=34'),
    ]
