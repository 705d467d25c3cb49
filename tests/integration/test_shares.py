"""What one account or address may have of what all share; each test has addresses of its own."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.conftest import VoteWave, eventually
from tests.integration.votebooth.exchange.test_export import children

pytestmark = pytest.mark.slow

PASSWORD = "a boat, a lamp and 3 keys"
_ADDRESSES = (f"198.51.{third}.{fourth}" for third in range(100) for fourth in range(1, 255))


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoteWave]:
    """A VoteWave with small quotas, behind a proxy that tests are."""
    running = VoteWave(
        tmp_path_factory.mktemp("tight") / "data",
        VOTEWAVE_TRUSTED_PROXIES="1",
        VOTEWAVE_AUTH_ACCOUNTS_PER_ADDRESS="5",
        VOTEWAVE_POLLS_DRAFTS_PER_ACCOUNT="2",
        VOTEWAVE_POLLS_POLLS_PER_ACCOUNT="4",
        VOTEWAVE_POLLS_MEGABYTES_PER_ACCOUNT="1",
        VOTEWAVE_VOTEBOOTH_TOKENS_PER_POLL="5000",
        VOTEWAVE_VOTEBOOTH_LIVE_PER_ACCOUNT="2",
        VOTEWAVE_VOTEBOOTH_LIVE_PER_ADDRESS="3",
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def http(tight: VoteWave) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=tight.url, timeout=20) as session:
        yield session


@pytest.fixture
def here() -> dict[str, str]:
    """Headers of an address that nobody had before."""
    return at(next(_ADDRESSES))


def at(address: str) -> dict[str, str]:
    return {"x-forwarded-for": address}


async def a_user(http: httpx.AsyncClient, where: dict[str, str]) -> dict[str, str]:
    """Sign somebody up from an address; return the headers of their requests."""
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    answer = await http.post("/v1/auth/accounts", json=body, headers=where)
    assert answer.status_code == 201, answer.text
    return {**where, "authorization": f"Bearer {answer.json()['access_token']}"}


async def a_guest(http: httpx.AsyncClient, where: dict[str, str]) -> dict[str, str]:
    answer = await http.post("/v1/auth/guests", headers=where)
    assert answer.status_code == 201, answer.text
    return {**where, "authorization": f"Bearer {answer.json()['access_token']}"}


async def create(http: httpx.AsyncClient, who: dict[str, str], **values: Any) -> httpx.Response:
    body = {
        "title": "Lunch?",
        "method": {"type": "single"},
        "options": [{"label": "Soup"}, {"label": "Rice"}],
        "rules": {"eligibility": "anyone"},
        **values,
    }
    return await http.post("/v1/polls", json=body, headers=who)


async def a_poll(http: httpx.AsyncClient, where: dict[str, str], **values: Any) -> dict[str, Any]:
    answer = await create(http, await a_user(http, where), publish=True, **values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def said_too_many(answer: httpx.Response, slug: str = "too-many-requests") -> None:
    assert answer.status_code == 429, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f"/{slug}")
    assert int(answer.headers["retry-after"]) >= 1


async def begun(port: int, path: str, size: int, headers: dict[str, str], method: str = "POST") -> tuple[int, bytes]:
    """Begin a request whose body doesn't come; return the status and the answer, 0 if the body is waited for.

    A refusal is said after two seconds, in which the rest of the body may come.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{method} {path} HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {size}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        writer.write("\r\n".join([*lines, "", '{"']).encode())
        with contextlib.suppress(TimeoutError):
            said = await asyncio.wait_for(reader.readuntil(b"}"), 8)
            return int(said.split()[1]), said
        return 0, b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/v1/auth/guests", 1_000),
        ("/v1/auth/accounts", 8_000),
        ("/v1/auth/sessions", 8_000),
        ("/v1/auth/tokens", 8_000),
    ],
)
async def test_a_route_takes_no_larger_body_than_it_has_use_for(
    tight: VoteWave, here: dict[str, str], path: str, most: int
) -> None:
    status, said = await begun(tight.port, path, most + 1, here)
    assert status == 413
    assert b"%d bytes" % most in said


async def test_who_has_signed_up_too_often_is_told_so_before_the_body_is_read(
    tight: VoteWave, http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    for _ in range(5):
        await a_user(http, here)
    status, _ = await begun(tight.port, "/v1/auth/accounts", 100, here)
    assert status == 429


async def test_an_ipv6_customer_is_one_address(http: httpx.AsyncClient) -> None:
    misses = 0
    while True:
        where = at(f"2001:db8:0:1:{misses:x}::1")
        answer = await http.get("/v1/polls/by-code/BBBBBBBB", headers=where)
        if answer.status_code != 404:
            break
        misses += 1
        assert misses < 300
    said_too_many(answer)
    other = await http.get("/v1/polls/by-code/BBBBBBBB", headers=at("2001:db8:ffff:2::1"))
    assert other.status_code == 404


async def test_an_audience_finds_its_poll_and_nobody_tries_codes(http: httpx.AsyncClient, here: dict[str, str]) -> None:
    path = f"/v1/polls/by-code/{(await a_poll(http, here))['code']}"
    for _ in range(300):
        assert (await http.get(path, headers=here)).status_code == 200
    misses = 0
    while (answer := await http.get("/v1/polls/by-code/BBBBBBBB", headers=here)).status_code == 404:
        misses += 1
        assert misses < 300
    said_too_many(answer)
    assert misses >= 40


async def test_documents_are_weighed_before_they_are_read(
    tight: VoteWave, http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    owner = await a_user(http, here)
    answers = await asyncio.gather(*(begun(tight.port, "/v1/polls", 999_000, owner) for _ in range(25)))
    statuses = [status for status, _ in answers]
    assert set(statuses) == {0, 429}
    assert 10 <= statuses.count(0) <= 20  # what Redis was late for is counted apart
    other = await a_user(http, here)
    assert (await create(http, other)).status_code == 201


async def test_a_body_that_doesnt_say_its_size_weighs_as_much_as_is_taken(
    tight: VoteWave, http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    owner = await a_user(http, here)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{}"

    headers = {**owner, "content-type": "application/json"}
    answers = [await http.post("/v1/polls", content=pieces(), headers=headers) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]


async def test_small_edits_of_a_large_poll_weigh_what_they_make_read_and_written(
    http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    owner = await a_user(http, here)
    options = [{"label": f"{n}", "description": "é" * 1_900} for n in range(200)]
    made = await create(http, owner, options=options)
    assert made.status_code == 201, made.text
    path, edits = made.headers["location"], 0
    while (answer := await http.patch(path, json={"title": f"No. {edits}"}, headers=owner)).status_code == 200:
        edits += 1
        assert edits < 40
    said_too_many(answer)
    assert edits >= 9


async def test_long_texts_are_cleaned_in_a_process_beside_the_one_that_counts_votes(
    tight: VoteWave, http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    owner = await a_user(http, here)
    options = [{"label": f" {n} ", "description": "e\u0301 " * 300} for n in range(200)]
    made = await create(http, owner, options=options)
    assert made.status_code == 201, made.text
    assert made.json()["options"][7]["label"] == "7"
    [(_, nice)] = children(tight.pid, "core.apart")
    assert nice == 10
    options[8]["label"] = "7"
    refused = await http.patch(made.headers["location"], json={"options": options}, headers=owner)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["options.8.label"]


async def test_an_account_has_so_many_drafts_and_polls(http: httpx.AsyncClient, here: dict[str, str]) -> None:
    owner = await a_user(http, here)
    drafts = [await create(http, owner) for _ in range(3)]
    assert [draft.status_code for draft in drafts] == [201, 201, 429]
    said_too_many(drafts[2], "over-quota")
    said_too_many(await http.post(f"{drafts[0].headers['location']}/duplicate", headers=owner), "over-quota")
    for draft in drafts[:2]:
        assert (await http.post(f"{draft.headers['location']}/publish", headers=owner)).status_code == 200
    assert [(await create(http, owner)).status_code for _ in range(2)] == [201, 201]
    said_too_many(await create(http, owner, publish=True), "over-quota")
    assert (await http.delete(drafts[0].headers["location"], headers=owner)).status_code in {202, 204}
    assert (await create(http, owner, publish=True)).status_code == 201


async def test_an_account_has_so_much_storage(http: httpx.AsyncClient, here: dict[str, str]) -> None:
    owner = await a_user(http, here)

    def large() -> list[dict[str, str]]:  # which can't be packed
        return [{"label": f"{n}", "description": os.urandom(880).hex()} for n in range(500)]

    first = await create(http, owner, options=large())
    assert (first.status_code, (await create(http, owner, options=large())).status_code) == (201, 201)
    said_too_many(await create(http, owner, publish=True), "over-quota")
    path = first.headers["location"]
    said_too_many(await http.patch(path, json={"description": "More."}, headers=owner), "over-quota")
    assert (await http.patch(path, json={"title": "Renamed"}, headers=owner)).status_code == 200
    assert (await http.delete(path, headers=owner)).status_code == 204
    assert (await create(http, owner, publish=True)).status_code == 201


@contextlib.asynccontextmanager
async def following(http: httpx.AsyncClient, poll: str, who: dict[str, str]) -> AsyncIterator[int]:
    """Follow a poll by SSE; give the status of the answer."""
    async with http.stream("GET", f"/v1/votebooth/live/events?stream=poll:{poll}", headers=who) as answer:
        lines = answer.aiter_lines()  # which ends the connection when it is gone
        if answer.status_code == 200:
            await anext(lines)
        else:
            await answer.aread()
            if answer.status_code == 429:
                said_too_many(answer)
        yield answer.status_code


async def test_live_connections_are_shared_among_accounts_and_addresses(
    http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    poll = (await a_poll(http, here))["id"]
    ada, bo = await a_guest(http, here), await a_guest(http, here)
    elsewhere = at(next(_ADDRESSES))
    async with contextlib.AsyncExitStack() as stack:

        async def follow(who: dict[str, str]) -> int:
            return await stack.enter_async_context(following(http, poll, who))

        assert [await follow(ada) for _ in range(3)] == [200, 200, 429]
        assert await follow({**ada, **elsewhere}) == 429
        assert [await follow(bo), await follow(bo), await follow(here)] == [200, 429, 429]
        assert await follow(elsewhere) == 200

    async def free_again() -> bool:
        async with following(http, poll, ada) as status:
            return status == 200

    assert await eventually(free_again)


async def test_head_takes_no_live_connection(http: httpx.AsyncClient, here: dict[str, str]) -> None:
    poll = (await a_poll(http, here))["id"]
    guest = await a_guest(http, here)
    for _ in range(5):
        answer = await http.head(f"/v1/votebooth/live/events?stream=poll:{poll}", headers=guest)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].startswith("text/event-stream")
    async with following(http, poll, guest) as status:
        assert status == 200


async def test_an_address_waits_with_its_second_file_for_those_of_others(
    tight: VoteWave, http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    """The first count is held up, so that it takes as long as we like."""
    who = [await a_user(http, here) for _ in range(3)] + [await a_user(http, at(next(_ADDRESSES)))]
    done: list[int] = []
    rows = "\n".join(f"{n % 97 + 1},{n % 89 + 1},{n % 83 + 1}" for n in range(100_000))

    async def count(number: int) -> httpx.Response:
        content = f"rank1,rank2,rank3\n{rows if number == 0 else 'Ada,Bo,Cy'}\n".encode()
        headers = {**who[number], "content-type": "text/csv"}
        answer = await http.post("/v1/votebooth/count?method=irv", content=content, headers=headers)
        done.append(number)
        return answer

    async def counter() -> list[tuple[int, int]]:
        return children(tight.pid, "exchange.counter")

    first = asyncio.create_task(count(0))
    [(pid, _)] = await eventually(counter)
    os.kill(pid, signal.SIGSTOP)
    try:
        second = asyncio.create_task(count(1))
        await asyncio.sleep(0.3)
        said_too_many(await count(2))
        third = asyncio.create_task(count(3))
        await asyncio.sleep(0.3)
    finally:
        os.kill(pid, signal.SIGCONT)
    answers = await asyncio.gather(first, second, third)
    assert [answer.status_code for answer in answers] == [200, 200, 200], [answer.text for answer in answers]
    assert done == [2, 0, 3, 1]


async def test_a_place_is_taken_before_a_file_is_read(
    tight: VoteWave, http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    user = await a_user(http, here)
    held = asyncio.create_task(begun(tight.port, "/v1/votebooth/count?method=irv", 900_000, user))
    await asyncio.sleep(0.2)
    assert (await begun(tight.port, "/v1/votebooth/count?method=irv", 900_000, user))[0] == 429
    assert (await held)[0] == 0


async def cast(http: httpx.AsyncClient, poll: str, who: dict[str, str], ballot: Any) -> int:
    answer = await http.put(
        f"/v1/votebooth/polls/{poll}/ballot",
        content=json.dumps(ballot).encode(),
        headers={**who, "content-type": "application/json"},
    )
    return answer.status_code


async def test_a_neighbour_s_refused_ballots_count_against_the_neighbour(
    http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    poll = (await a_poll(http, here, rules={"eligibility": "anyone", "strength": "network"}))["id"]
    voter, neighbour = await a_guest(http, here), await a_guest(http, here)
    assert await cast(http, poll, voter, {"picks": [1]}) == 201
    refused = await asyncio.gather(*(cast(http, poll, neighbour, {"picks": [2]}) for _ in range(210)))
    assert set(refused) <= {409, 429}  # how many, `test_flood.py` says without a clock
    assert await cast(http, poll, voter, {"picks": [2]}) == 200
    assert await cast(http, poll, neighbour, {"picks": [2]}) in {409, 429}


async def test_ballots_that_break_a_rule_count_against_who_sends_them(
    http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    poll = (await a_poll(http, here))["id"]
    sender, other = await a_guest(http, here), await a_guest(http, here)
    refused = await asyncio.gather(*(cast(http, poll, sender, {"picks": [9]}) for _ in range(210)))
    assert set(refused) <= {422, 429}
    assert await cast(http, poll, other, {"picks": [1]}) == 201


async def test_a_poll_has_so_many_tokens_and_an_account_makes_so_many(
    http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    owner = await a_user(http, here)
    poll = (await create(http, owner, publish=True, rules={"eligibility": "tokens"})).json()["id"]

    async def make(count: int) -> httpx.Response:
        return await http.post(f"/v1/votebooth/polls/{poll}/tokens", json={"count": count}, headers=owner)

    assert [(await make(count)).status_code for count in (4_000, 1_000)] == [201, 201]
    said_too_many(await make(1), "over-quota")
    refused = [await make(10_000) for _ in range(10)]
    assert {answer.json()["type"].rpartition("/")[2] for answer in refused} == {"over-quota", "too-many-requests"}
    assert "100,000 tokens in 3600 seconds" in refused[-1].json()["detail"]


async def test_whoever_tries_tokens_from_an_address_keeps_nobody_there_from_voting(
    http: httpx.AsyncClient, here: dict[str, str]
) -> None:
    owner = await a_user(http, here)
    rules = {"eligibility": "tokens"}
    poll = (await create(http, owner, publish=True, rules=rules)).json()["id"]
    made = await http.post(f"/v1/votebooth/polls/{poll}/tokens", json={"count": 1}, headers=owner)
    [token] = made.json()["tokens"]
    guessers = [await a_guest(http, here) for _ in range(101)]

    async def guess(who: dict[str, str]) -> list[int]:
        statuses: list[int] = []
        while 429 not in statuses and len(statuses) < 100:  # more than 30 at once, and one in two seconds
            statuses.append(await cast(http, poll, {**who, "ballot-token": "A" * 22}, {"picks": [1]}))
        return statuses

    found = [status for statuses in await asyncio.gather(*map(guess, guessers)) for status in statuses]
    assert set(found) == {403, 429}
    voter = await a_guest(http, here)
    assert await cast(http, poll, {**voter, "ballot-token": token}, {"picks": [1]}) == 201


async def read_on(http: httpx.AsyncClient, path: str, who: dict[str, str]) -> list[int]:
    """Read something, eight times at once, until it is refused; return the statuses."""
    found: list[int] = []
    while 429 not in found and len(found) < 300:
        answers = await asyncio.gather(*(http.get(path, headers=who) for _ in range(8)))
        found += [answer.status_code for answer in answers]
    return found


async def test_who_reads_much_waits_and_nobody_else_does(http: httpx.AsyncClient, here: dict[str, str]) -> None:
    """A draft of half a megabyte again and again: its owner is held up, wherever they are, and others aren't."""
    owner, other = await a_user(http, here), await a_user(http, here)
    options = [{"label": f"Option {number}", "description": "é" * 1_900} for number in range(140)]
    path = f"/v1/polls/{(await create(http, owner, options=options)).json()['id']}"
    found = await read_on(http, path, owner)
    assert 18 <= found.count(200) < 300, found  # 10 MB at once, and 1 MB a second
    refused = await http.get(path, headers={**owner, **at(next(_ADDRESSES))})
    said_too_many(refused)
    assert "10 MB of large answers" in refused.json()["detail"]
    assert (await http.head(path, headers=owner)).status_code == 429
    assert (await http.get("/v1/polls?mine=true", headers=other)).status_code == 200


async def test_an_address_that_reads_much_waits_whoever_asks(http: httpx.AsyncClient, here: dict[str, str]) -> None:
    """A public poll, which can be read without an account."""
    options = [{"label": f"Option {number}", "description": "é" * 1_900} for number in range(240)]
    poll = (await create(http, await a_user(http, here), options=options, publish=True)).json()["id"]
    path = f"/v1/polls/{poll}"
    found = await read_on(http, path, here)
    assert 60 <= found.count(200) < 300, found
    assert (await http.get(path, headers=at(next(_ADDRESSES)))).status_code == 200


async def test_files_that_come_slowly_keep_no_others_from_being_counted(
    tight: VoteWave, http: httpx.AsyncClient
) -> None:
    places = [at(next(_ADDRESSES)) for _ in range(5)]
    path = "/v1/votebooth/count?method=irv"
    senders = [await a_user(http, where) for where in places for _ in range(2)]
    slow = [asyncio.create_task(begun(tight.port, path, 1_000, who)) for who in senders]
    await asyncio.sleep(0.5)
    who = await a_user(http, at(next(_ADDRESSES)))
    answer = await http.post(path, content=b"rank1\nAda\n", headers={**who, "content-type": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert {status for status, _ in await asyncio.gather(*slow)} == {0}
