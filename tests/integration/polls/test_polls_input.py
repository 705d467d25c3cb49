"""Creating polls: retries make one, odd input makes none."""

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from tests.conftest import VoteWave

from .conftest import Person, a_poll, after


async def stored(votewave: VoteWave, owner: Person) -> int:
    return len(await votewave.sql("SELECT 1 FROM polls.poll WHERE owner = $1", owner.account))


async def test_sixteen_racing_requests_with_one_key_make_one_poll(owner: Person, votewave: VoteWave) -> None:
    key = str(uuid4())
    answers = await asyncio.gather(
        *(owner.call("POST", "", a_poll(publish=True), Idempotency_Key=key) for _ in range(16))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await stored(votewave, owner) == 1


async def test_a_key_belongs_to_one_body_and_one_person(owner: Person, other: Person) -> None:
    key = "order:7/é".encode("ascii", "ignore").decode()
    first = await owner.call("POST", "", a_poll(), Idempotency_Key=key)
    # The same content in another order and with other blanks is the same body.
    shuffled = json.dumps(dict(reversed(a_poll().items())), indent=3).encode()
    again = await owner.call("POST", "", shuffled, Idempotency_Key=key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert (await owner.call("POST", "", a_poll(title="Other"), Idempotency_Key=key)).status_code == 409
    theirs = await other.call("POST", "", a_poll(), Idempotency_Key=key)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != first.json()["id"]


async def test_a_poll_says_in_which_zone_its_owner_means_its_times(owner: Person, anybody: Person) -> None:
    plain = await owner.create(publish=True, closes_at=after(60))
    assert plain["time_zone"] is None
    poll = await owner.create(publish=True, closes_at=after(60), time_zone="Europe/Riga")
    assert (await anybody.read(poll)).json()["time_zone"] == "Europe/Riga"
    moved = await owner.edit(poll, time_zone="America/Argentina/Ushuaia", closes_at=after(90))
    assert moved.json()["time_zone"] == (await anybody.read(poll)).json()["time_zone"] == "America/Argentina/Ushuaia"
    assert (await owner.edit(poll, time_zone=None)).json()["time_zone"] is None
    for odd in ("Nowhere/At_All", "../../etc/passwd", "/etc/localtime", "", "x" * 101, "Europe/Riga\0", "٣"):
        for refused in (
            await owner.call("POST", "", a_poll(time_zone=odd)),
            await owner.edit(poll, time_zone=odd),
        ):
            assert refused.status_code == 422, odd
            assert [error["field"] for error in refused.json()["errors"]] == ["time_zone"]


async def test_a_refused_request_doesnt_use_up_its_key(owner: Person) -> None:
    key = str(uuid4())
    assert (await owner.call("POST", "", a_poll(closes_at=after(-9)), Idempotency_Key=key)).status_code == 422
    assert (await owner.call("POST", "", a_poll(), Idempotency_Key=key)).status_code == 201


async def test_a_key_whose_poll_is_gone_makes_no_other(owner: Person) -> None:
    key = str(uuid4())
    poll = (await owner.call("POST", "", a_poll(publish=True), Idempotency_Key=key)).json()
    await owner.delete(poll)
    assert (await owner.call("POST", "", a_poll(publish=True), Idempotency_Key=key)).status_code == 409


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "a\tb"])
async def test_a_strange_key_is_malformed(owner: Person, votewave: VoteWave, key: str) -> None:
    assert (await owner.call("POST", "", a_poll(), Idempotency_Key=key)).status_code == 400
    assert await stored(votewave, owner) == 0


def with_title(title: str) -> bytes:
    return b'{"method":{"type":"single"},"options":[{"label":"A"},{"label":"B"}],"title":' + title.encode() + b"}"


ODD: dict[str, tuple[int, bytes]] = {
    "no body": (400, b""),
    "not JSON": (400, b"title=Lunch"),
    "not an object": (400, b"[]"),
    "null": (400, b"null"),
    "half of it": (400, b'{"title":"Lunch'),
    "not UTF-8": (400, with_title('"x"').replace(b'"x"', b'"\xff"')),
    "NaN": (400, json.dumps(a_poll(method={"type": "stv", "seats": float("nan")})).encode()),
    "a fraction of a seat": (400, json.dumps(a_poll(method={"type": "stv", "seats": 1.5})).encode()),
    "a word for a number": (400, json.dumps(a_poll(method={"type": "stv", "seats": "1"})).encode()),
    "a number for a date": (400, json.dumps(a_poll(closes_at=4_000_000_000)).encode()),
    "a word for a truth": (400, json.dumps(a_poll(publish="true")).encode()),
    "true for a number": (400, json.dumps(a_poll(method={"type": "stv", "seats": True})).encode()),
    "a number for a word": (400, with_title("5")),
    "an unknown field": (400, json.dumps(a_poll(anonymus=True)).encode()),
    "an unknown rule": (400, json.dumps(a_poll(rules={"anonymus": True})).encode()),
    "an unknown method": (400, json.dumps(a_poll(method={"type": "coin"})).encode()),
    "somebody else's owner": (400, json.dumps(a_poll(owner=str(uuid4()))).encode()),
    "a name twice": (400, with_title('"A","title":"B"')),
    "a rule twice": (400, with_title('"A","rules":{"change":true,"change":false}')),
    "deep nesting": (400, with_title("[" * 50_000)),
    "a date that isn't": (400, json.dumps(a_poll(closes_at="2026-02-30T00:00:00Z")).encode()),
    "a time without a zone": (422, json.dumps(a_poll(closes_at="2100-01-01T00:00:00")).encode()),
    "a time before all time": (422, json.dumps(a_poll(opens_at="0001-01-01T00:00:00+14:00")).encode()),
    "a huge number": (422, json.dumps(a_poll(method={"type": "stv", "seats": 10**40})).encode()),
    "a zero byte": (422, with_title('"a\\u0000b"')),
    "an override": (422, with_title('"\\u202egnp.exe"')),
    "only marks": (422, with_title('"\\u200f\\u200b"')),
    "a noncharacter": (422, with_title('"\\uffff"')),
    "10,000 options": (422, json.dumps(a_poll(options=[{"label": str(n)} for n in range(10_000)])).encode()),
    "900 KB of description": (422, json.dumps(a_poll(description="x" * 900_000)).encode()),
    "900 KB of options": (422, json.dumps(a_poll(options=[{"label": "é" * 300} for _ in range(400)])).encode()),
    "a lone surrogate": (400, with_title('"\\ud800"')),
    "a lone low surrogate": (400, with_title('"\\udc00 x"')),
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_input_is_a_problem_and_stores_nothing(owner: Person, votewave: VoteWave, name: str) -> None:
    expected, body = ODD[name]
    started = time.monotonic()
    answer = await owner.call("POST", "", body)
    assert time.monotonic() - started < 3
    assert answer.status_code == expected, answer.text[:500]
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == expected
    assert len(answer.content) < 20_000
    assert await stored(votewave, owner) == 0


async def test_a_body_that_is_too_large_is_refused_before_it_is_sent(owner: Person, votewave: VoteWave) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", votewave.port)
    try:
        head = ["POST /v1/polls HTTP/1.1", "host: x", "content-type: application/json", "content-length: 10000000"]
        head += [f"{name}: {value}" for name, value in owner.headers.items()]
        writer.write("\r\n".join([*head, "", '{"title":']).encode())
        answer = await asyncio.wait_for(reader.readuntil(b"}"), 10)
    finally:
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert await stored(votewave, owner) == 0


async def test_what_people_write_comes_back_as_they_meant_it(owner: Person) -> None:
    title = "  مرحبا 👩‍👩‍👧 e\u0301té \u200fשלום\u200f  "
    poll = await owner.create(title=title, description="Line one\r\nline two\tend", publish=True)
    assert poll["title"].startswith("مرحبا 👩‍👩‍👧 été")
    assert poll["description"] == "Line one\nline two\tend"


async def test_every_method_can_be_created(owner: Person) -> None:
    for method in (
        "single",
        "multiple",
        "approval",
        "score",
        "star",
        "irv",
        "stv",
        "schulze",
        "ranked_robin",
        "points",
    ):
        poll = await owner.create(method={"type": method}, publish=True)
        assert poll["method"]["type"] == method
    assert (await owner.call("POST", "", a_poll(method={"type": "availability"}))).status_code == 400
