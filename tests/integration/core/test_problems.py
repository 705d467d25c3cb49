"""Every error is a problem document; nothing that is sent in kills the process or gets into its log."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets
from core_place import Place, Program, open_place, until
from core_test_app import SECRET
from services.core.peers.calls import WANTED_HEADER
from services.core.problems import MEDIA_TYPE, TYPE_BASE

BODY = "/v1/trial/body"


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as place:
        await place.prepare("trial")
        yield place


@pytest.fixture(scope="module")
async def program(place: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    program = Program(place, tmp_path_factory.mktemp("problems"))
    yield await program.ready()
    program.end()


@pytest.fixture
async def client(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=program.url, timeout=20) as client:
        yield client
        assert program.process.poll() is None
        assert (await client.get("/health/live")).status_code == 200


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].partition(";")[0] == MEDIA_TYPE
    document: dict[str, Any] = answer.json()
    assert document["type"] == TYPE_BASE + slug
    assert document["status"] == status
    assert document["title"]
    assert document["trace"] == answer.headers["x-trace-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return document


def fields(document: dict[str, Any]) -> list[str]:
    return [error["field"] for error in document["errors"]]


async def post(client: httpx.AsyncClient, body: Any, kind: str = "application/json") -> httpx.Response:
    return await client.post(BODY, content=body, headers={"Content-Type": kind})


async def test_each_status_has_its_document(client: httpx.AsyncClient) -> None:
    nowhere = problem(await client.get("/v1/nothing"), 404, "not-found")
    assert nowhere["detail"] == "There is no such page, or you may not see it."
    refused = await client.delete(BODY)
    assert problem(refused, 405, "method-not-allowed")["detail"] == "'Allow' lists the methods that it takes."
    assert "POST" in refused.headers["allow"]
    unsigned = await client.get("/v1/trial/mine")
    problem(unsigned, 401, "unauthenticated")
    assert unsigned.headers["www-authenticate"].startswith("Bearer")
    teapot = problem(await client.get("/v1/trial/fail/teapot"), 418, "teapot")
    assert teapot["x"] == 1
    assert teapot["errors"] == [{"field": "spout", "message": "stout"}]
    assert fields(problem(await client.get("/v1/trial/fail/refused"), 422, "rule")) == ["a.b"]
    slower = await client.get("/v1/trial/fail/slower")
    problem(slower, 429, "too-many-requests")
    assert slower.headers["retry-after"] == "3"
    for kind in ("peer", "secret", "redis", "timeout"):
        away = await client.get(f"/v1/trial/fail/{kind}")
        problem(away, 503, "unavailable")
        assert int(away.headers["retry-after"]) >= 1


@pytest.mark.parametrize("kind", ["unknown", "key", "group", "integrity"])
async def test_an_error_nobody_foresaw_says_nothing_and_is_logged(
    client: httpx.AsyncClient, program: Program, kind: str
) -> None:
    answer = await client.get(f"/v1/trial/fail/{kind}", headers={"x-trial": SECRET})
    document = problem(answer, 500, "internal")
    assert SECRET not in answer.text
    assert "Error" not in answer.text
    lines = [json.loads(line) for line in program.log().splitlines()]
    logged = next(line for line in lines if line["event"] == "unhandled" and line["trace"] == document["trace"])
    assert "core_test_app.py" in logged["where"][-1]
    assert SECRET not in program.log()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": 1}, "title"),
        ({"title": None}, "title"),
        ({"title": "x", "unknown": 1}, "unknown"),
        ({"title": "x", "options": [{"label": "a"}, {"label": ""}]}, "options.1.label"),
        ({"title": "x", "options": [{"label": "a", "weight": "1"}]}, "options.0.weight"),
        ({"title": "x", "options": [{"label": "a", "weight": 1.5}]}, "options.0.weight"),
        ({"title": "x", "options": {}}, "options"),
        ({"title": "x", "extra": {"a": "b"}}, "extra.a"),
        ([], "body"),
        ("title", "body"),
        (None, "body"),
        (True, "body"),
        (7, "body"),
    ],
)
async def test_a_wrong_body_is_refused_with_the_field_s_path(client: httpx.AsyncClient, body: Any, field: str) -> None:
    document = problem(await client.post(BODY, json=body), 400, "malformed-request")
    assert fields(document) == [field]
    assert all(error["message"] for error in document["errors"])


async def test_a_wrong_path_or_query_is_refused_with_its_name(client: httpx.AsyncClient) -> None:
    problem(await client.get("/v1/trial/things/seven"), 404, "not-found")
    thing = "/v1/trial/things/0193f0aa-0000-7000-8000-000000000000"
    assert (await client.get(thing)).status_code == 200
    for query in ("limit=x", "limit=101", "limit=", "limit=1.5", "limit=999999999999999999999999"):
        assert fields(problem(await client.get(f"{thing}?{query}"), 400, "malformed-request")) == ["limit"], query
    assert fields(problem(await client.get("/v1/trial/wait"), 400, "malformed-request")) == ["seconds"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'title': 'x'}",
        b'{"title": "x"} {}',
        b'{"title": "x", "title": "y"}',
        b'{"title": "x", "options": [{"label": "a", "label": "b"}]}',
        b'{"title": "x", "extra": {"a": 1, "a": 2}}',
        b'{"title": "x", "extra": {"a": NaN}}',
        b'{"title": "x", "extra": {"a": Infinity}}',
        b'{"title": "x", "extra": {"a": -Infinity}}',
        b'{"title": "x", "extra": {"a": 1e999}}',
        b"NaN",
        b'{"title": "\\ud800"}',
        b'{"title": "\\udc00\\ud800"}',
        b'{"title": "\xff"}',
        b'{"title": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"title": "x"}',
        '{"title": "x"}'.encode("utf-16"),
        b'{"title": "' + b"x" * 100 + b'\x00"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"title": "x", "extra": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        b" " * 1000 + b"{",
        b'{"title": "x", "options": [{"label": "a", "weight": ' + b"9" * 10_000 + b"}]}",
    ],
    ids=lambda body: str(body[:24]),
)
async def test_what_isnt_json_or_is_ambiguous_is_a_400(client: httpx.AsyncClient, body: bytes) -> None:
    problem(await post(client, body), 400, "malformed-request")


async def test_good_json_is_taken_as_it_is(client: httpx.AsyncClient) -> None:
    title = "ﷺ 👩‍👩‍👧 \U0010ffff \u200b é"
    answer = await client.post(BODY, json={"title": title, "extra": {"a": 1.5, "b": 1}})
    assert answer.status_code == 200
    assert answer.json()["title"] == title
    assert (await post(client, b'\t\n {"title": "\\ud83d\\ude00"} \r')).json()["title"] == "😀"


async def test_a_body_that_is_too_large_is_refused_and_not_kept(client: httpx.AsyncClient) -> None:
    huge = b'{"title": "' + b"x" * 10_000_000 + b'"}'
    assert problem(await post(client, huge), 413, "too-large")["detail"] == "A body has at most 1000000 bytes."

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 65_536):
            yield huge[start : start + 65_536]

    problem(
        await client.post(BODY, content=in_pieces(), headers={"Content-Type": "application/json"}), 413, "too-large"
    )


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(program: Program) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    writer.write(
        f"POST {BODY} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    said = await asyncio.wait_for(reader.readuntil(b"nosniff"), 5)
    assert b"HTTP/1.1 413" in said
    writer.close()


async def test_another_media_type_is_read_as_json_or_refused(client: httpx.AsyncClient) -> None:
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        answer = await post(client, b"<title/>", kind)
        assert answer.status_code in {400, 415}, kind
        assert answer.headers["content-type"].startswith(MEDIA_TYPE)


async def test_head_is_get_without_its_body_and_options_says_what_there_is(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/openapi.json", "/metrics", "/v1/trial/database"):
        get, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
    assert (await client.head("/v1/nothing")).status_code == 404
    assert (await client.head(BODY)).status_code == 405
    options = await client.options(BODY)
    assert options.status_code == 204
    assert {"POST", "OPTIONS"} == {part.strip() for part in options.headers["allow"].split(",")}


async def test_values_the_database_cannot_keep_are_the_sender_s_fault(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/trial/database", params={"value": "é"})).status_code == 200
    problem(await client.get("/v1/trial/database?value=%00"), 400, "malformed-request")
    problem(await client.get("/v1/trial/number", params={"value": 10**30}), 400, "malformed-request")
    assert (await client.get("/v1/trial/number", params={"value": 5})).status_code == 200


async def test_strange_requests_are_answered(program: Program, client: httpx.AsyncClient) -> None:
    for raw in (
        b"GET /v1/trial/things/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /v1/trial/wait?seconds=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //v1//trial/../mine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"BREW /v1/trial/mine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\ntraceparent: \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET /v1/trial/mine HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET /v1/trial/mine HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nConnection: close\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
        writer.write(raw)
        status = int((await asyncio.wait_for(reader.readline(), 5)).split()[1])
        assert status in {200, 400, 401, 404, 405}, raw
        writer.close()
    answer = await client.get("/health/live", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert answer.headers["x-trace-id"] == "a" * 32
    labels = (await client.get("/metrics")).text
    assert 'method="other"' in labels
    assert "BREW" not in labels


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ([(WANTED_HEADER, "polls")], 421, "misdirected"),
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], 400, "malformed-request"),
    ],
)
async def test_what_begins_a_websocket_is_refused_as_any_request(
    program: Program, headers: list[tuple[str, str]], status: int, slug: str
) -> None:
    url = f"ws://127.0.0.1:{program.port}/v1/trial/socket"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url, additional_headers=headers)
    answer = refused.value.response
    assert answer.body is not None
    headers = list(answer.headers.raw_items())
    problem(httpx.Response(answer.status_code, headers=headers, content=bytes(answer.body)), status, slug)
    assert "completing handshake" not in program.log(), "uvicorn takes it for an answer, too"
    async with websockets.connect(url, additional_headers={WANTED_HEADER: "trial"}) as connection:
        assert await connection.recv() == "hello"


async def test_calls_for_services_are_hidden_from_all_others(client: httpx.AsyncClient) -> None:
    problem(await client.get("/internal/trial/x"), 404, "not-found")


async def test_while_the_database_is_away_it_says_so_and_comes_back(place: Place, client: httpx.AsyncClient) -> None:
    """Last, for it takes the database from the others."""
    await asyncio.to_thread(place.servers.postgres.stop)
    try:
        for _ in range(3):
            away = await client.get("/v1/trial/database")
            problem(away, 503, "unavailable")
            assert int(away.headers["retry-after"]) >= 1
        unready = await client.get("/health/ready")
        assert unready.status_code == 503
        assert unready.json()["parts"]["trial"] != "ok"
    finally:
        await asyncio.to_thread(place.servers.postgres.start)

    async def back() -> bool:
        return (await client.get("/v1/trial/database")).status_code == 200

    await until(back)


async def test_no_log_line_holds_a_query_a_path_or_a_body(program: Program, client: httpx.AsyncClient) -> None:
    await client.get(f"/v1/trial/things/{SECRET}?token={SECRET}")
    await client.post(BODY, json={"title": SECRET, "secret": SECRET})
    await client.get("/v1/trial/mine", headers={"Authorization": f"Bearer {SECRET}", "Cookie": SECRET})
    assert SECRET not in program.log()
    for line in program.log().splitlines():
        assert json.loads(line)["event"]
