"""Every answer passes the edge, whoever gave it: trace id, nosniff, one log line, one sample, a drained body."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import websockets
from core_place import Place, Program, open_place, until
from core_test_app import SECRET
from services.core.peers.calls import WANTED_HEADER

UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
LARGE = 12_000_000
"""More than the sockets between client and server take in."""


SAMPLE = re.compile(r'^votewave_http_requests_total\{method="(.*)",route="(.*)",status="(.*)"\} (.*)$', re.MULTILINE)


@dataclass
class Case:
    """A request, and how its answer is counted."""

    method: str
    path: str
    status: int
    route: str = "unmatched"
    headers: str = ""
    host: str | None = "here"
    body: bytes = b""
    counted_as: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path[:40]} {self.status}{' and a body' * bool(self.body)}"

    def raw(self, trace: str) -> bytes:
        close = "" if "Upgrade" in self.headers else "Connection: close\r\n"
        length = f"Content-Length: {len(self.body)}\r\n" if self.body else ""
        host = "" if self.host is None else f"Host: {self.host}\r\n"
        head = f"{self.method} {self.path} HTTP/1.1\r\n{host}{self.headers}{close}{length}"
        return f"{head}traceparent: 00-{trace}-{'b' * 16}-01\r\n\r\n".encode() + self.body


DOUBLED = "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"
CASES = [
    Case("GET", "/v1/nothing", 404),
    Case("POST", "/v1/nothing", 404, body=b"x" * LARGE),
    Case("DELETE", "/v1/trial/body", 405),
    Case("PUT", "/v1/trial/body", 405, body=b"x" * LARGE),
    Case("PROPFIND", "/v1/trial/body", 405, counted_as="other"),
    Case("GET", "/health/live", 400, host="a b"),
    Case("GET", "/health/live", 400, host=None),
    Case("GET", "/health/live", 400, headers="Host: there\r\n"),
    Case("GET", "/health/live", 400, headers="Host: here\r\n"),
    Case("GET", "/v1/trial/socket", 400, host=None, headers=UPGRADE),
    Case("GET", "/v1/trial/socket", 400, headers="Host: there\r\n" + UPGRADE),
    Case("GET", "/docs/assets/%00", 400, route="/docs/assets/{file_path}"),
    Case("GET", "/docs/assets/a/%00/b", 400, route="/docs/assets/{file_path}"),
    Case("HEAD", "/docs/assets/%00", 400, route="/docs/assets/{file_path}"),
    Case("GET", f"/docs/assets/{'a' * 300}", 404, route="/docs/assets/{file_path}"),
    Case("GET", f"/docs/assets/{'%C3%A4' * 200}", 404, route="/docs/assets/{file_path}"),
    Case("GET", f"/docs/assets/{'a/' * 2500}", 404, route="/docs/assets/{file_path}"),
    Case("GET", "/health/live", 421, headers=f"{WANTED_HEADER}: polls\r\n"),
    Case("POST", "/v1/trial/body", 421, headers=f"{WANTED_HEADER}: polls\r\n", body=b"x" * LARGE),
    Case("GET", "/health/live", 400, headers=DOUBLED),
    Case("POST", "/v1/trial/body", 400, headers=DOUBLED, body=b"x" * LARGE),
    Case("HEAD", "/health/live", 200, route="/health/live"),
    Case("HEAD", "/v1/nothing", 404),
    Case("GET", "/v1/trial/fail/teapot", 418, route="/v1/trial/fail/{kind}"),
    Case("GET", "/v1/trial/socket", 101, route="/v1/trial/socket", headers=UPGRADE),
    Case("GET", "/v1/nothing", 404, headers=UPGRADE),
    Case("GET", "/v1/trial/guarded", 401, route="/v1/trial/guarded", headers=UPGRADE),
    Case("GET", "/v1/trial/shut", 403, route="/v1/trial/shut", headers=UPGRADE),
    Case("GET", "/v1/trial/socket", 421, headers=f"{WANTED_HEADER}: polls\r\n{UPGRADE}"),
    Case("GET", "/v1/trial/socket", 400, headers=DOUBLED + UPGRADE),
]


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as place:
        await place.prepare("trial")
        yield place


@pytest.fixture(scope="module")
async def program(place: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    program = Program(place, tmp_path_factory.mktemp("edge"), VOTEWAVE_LOG_LEVEL="debug")
    yield await program.ready()
    program.end()


async def samples(program: Program) -> dict[tuple[str, str, str], int]:
    """How many answers were counted by method, route and status, /metrics' own left out."""
    async with httpx.AsyncClient(base_url=program.url) as client:
        text = (await client.get("/metrics")).text
    found = re.findall(
        r'^votewave_http_requests_total\{method="(.*)",route="(.*)",status="(.*)"\} (.*)$', text, re.MULTILINE
    )
    return {tuple(labels): int(float(count)) for *labels, count in found if labels[1] != "/metrics"}


def lines(program: Program) -> list[dict[str, Any]]:
    """The access log's lines, /metrics' own left out."""
    read = [json.loads(line) for line in program.log().splitlines()]
    return [line for line in read if line["event"] == "request" and line["route"] != "/metrics"]


async def exchange(program: Program, raw: bytes) -> tuple[int, httpx.Headers, bytes]:
    """Send a request to its last byte; return the answer's status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    async with asyncio.timeout(10):
        writer.write(raw)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        body = b"" if status == 101 else await reader.read()
        writer.close()
    return status, httpx.Headers([line.split(": ", 1) for line in head[1:] if line]), body


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_every_answer_passes_the_edge(program: Program, case: Case) -> None:
    before, logged = await samples(program), len(lines(program))
    trace = "a" * 32
    status, headers, body = await exchange(program, case.raw(trace))
    assert status == case.status
    assert headers["x-trace-id"] == trace
    assert headers["x-content-type-options"] == "nosniff"
    if status >= 400 and case.method != "HEAD":
        assert headers["content-type"].startswith("application/problem+json")
        document = json.loads(body)
        assert (document["status"], document["trace"]) == (status, trace)
    else:
        assert body == b""
    method = case.counted_as or case.method
    sample = (method, case.route, str(status))

    async def counted() -> bool:
        return sum((await samples(program)).values()) > sum(before.values())

    await until(counted)
    after = await samples(program)
    assert {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)} == {sample: 1}
    (line,) = lines(program)[logged:]
    assert (line["method"], line["route"], line["status"]) == (method, case.route, status)


async def test_what_isnt_http_passes_it_too(program: Program) -> None:
    before, logged = await samples(program), len(lines(program))
    status, headers, body = await exchange(program, b"BALLOT 1\r\n\r\n")
    assert status == 400
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-trace-id"] == json.loads(body)["trace"] != ""
    sample = ("other", "unmatched", "400")
    assert (await samples(program))[sample] == before.get(sample, 0) + 1
    (line,) = lines(program)[logged:]
    assert (line["method"], line["status"]) == ("other", 400)


@pytest.mark.parametrize(
    ("path", "code", "reason"), [("gone", 4404, "not-found"), ("broken", 4500, "internal"), ("own", 4001, "mine")]
)
async def test_what_is_raised_behind_a_handshake_is_told_by_the_close_code(
    program: Program, path: str, code: int, reason: str
) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{program.port}/v1/trial/{path}") as connection:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)
    assert SECRET not in program.log()
    unhandled = [line for line in map(json.loads, program.log().splitlines()) if line["event"] == "unhandled"]
    assert any(line["route"] == f"/v1/trial/{path}" for line in unhandled) is (path == "broken")
