"""Who gets in, and what those see who do."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
from redis.asyncio import Redis
from services.votebooth.rooms.pulse import Pulse
from services.votebooth.service import VoteBooth
from tests.conftest import VoteWave
from tests.integration.follows.conftest import kind_of

from ..booth_world import a_guest, a_poll, a_user, cast
from .conftest import ROOMS, Somebody, a_co_host, a_room, joined


def same(answer: httpx.Response) -> Any:
    """Return what an answer says, the trace apart."""
    return answer.status_code, {key: value for key, value in answer.json().items() if key != "trace"}


async def test_to_who_isnt_in_a_room_every_code_is_answered_alike(client: httpx.AsyncClient) -> None:
    host = await a_room(client)
    stranger, room = await a_guest(client), (await host.sees())["room"]
    for method, path in (("GET", ""), ("GET", "/changes?after=0"), ("PUT", "/presence"), ("GET", "/qr.svg")):
        answers = [
            same(await Somebody(client, stranger, ref).ask(method, path)) for ref in (host.ref, "22222222", room, "no")
        ]
        assert answers == [answers[0]] * 4
        assert answers[0][0] == 404
    other = Somebody(client, await a_user(client), room)
    assert kind_of(await other.ask("POST", "/end")) == (404, "not-found")
    assert (await other.ask("PUT", "/me", {"name": "Eve"})).status_code == 404, "an id lets nobody in"
    screen = Somebody(client, {"Room-Token": "x" * 32}, host.ref)
    assert (await screen.ask("GET")).status_code == 404


async def test_codes_cant_be_guessed_in_bulk_and_the_hall_stays_in(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    host = await a_room(client)
    bo = await joined(host)
    eve = Somebody(client, await a_guest(client), "22222222")
    async with Redis.from_url(votewave.redis_url) as redis:
        begun = await _clock(redis)
        for _ in range(10):
            assert (await eve.ask("PUT", "/me", {"name": "Eve"})).status_code == 404
        [address] = [key async for key in redis.scan_iter("votewave:limit:room-try:at:*")]
        a_try = 60_000_000 // 3_000
        assert int(await redis.get(address)) - begun >= 10 * 30 * a_try, "a miss weighs as much as 30 who come in"
        await redis.set(address, await _clock(redis) + 120_000_000)
    for ref in ("22222222", host.ref):
        refused = await Somebody(client, await a_guest(client), ref).ask("PUT", "/me", {"name": "Eve"})
        assert kind_of(refused) == (429, "too-many-requests"), "the right code, too: a 429 tells nothing"
        assert int(refused.headers["retry-after"]) >= 1
    assert (await bo.sees())["role"] == "audience", "who is in stays in"
    assert (await host.sees())["role"] == "host"


async def _clock(redis: Redis) -> int:
    """Return Redis's time in microseconds."""
    seconds, microseconds = await redis.time()
    return int(seconds) * 1_000_000 + int(microseconds)


async def test_guests_come_in_under_a_name(client: httpx.AsyncClient) -> None:
    host = await a_room(client)
    guest = Somebody(client, await a_guest(client), f"{host.ref[:4]}-{host.ref[4:].lower()}")
    assert kind_of(await guest.ask("PUT", "/me", {})) == (422, "name-refused")
    assert kind_of(await guest.ask("PUT", "/me", {"name": "\u202egnaB"})) == (422, "name-refused")
    seen = await guest.do("PUT", "/me", {"name": " Bo "})
    assert (seen["role"], seen["mine"]["name"], seen["agenda"]) == ("audience", "Bo", None)
    assert (await guest.do("PUT", "/me", {"name": "Bob"}))["mine"]["name"] == "Bob"
    for method, path, body in (
        ("POST", "/end", None),
        ("PATCH", "", {"title": "Mine"}),
        ("PUT", "/stage", {"poll": None}),
        ("PUT", f"/screens/{uuid4()}", {}),
        ("GET", "/questions.csv", None),
    ):
        assert kind_of(await guest.ask(method, path, body)) == (403, "guest-refused")
    user = await joined(host, "", await a_user(client))
    assert kind_of(await user.ask("POST", "/end")) == (403, "not-a-host")
    assert kind_of(await user.ask("DELETE")) == (403, "not-a-host")
    await guest.do("DELETE", "/me")
    assert (await guest.ask("GET")).status_code == 404


async def test_a_screen_looks_and_does_nothing(client: httpx.AsyncClient) -> None:
    host = await a_room(client)
    path = f"/screens/{uuid4()}"
    told = await host.do("PUT", path, {"label": "Hall 1"})
    assert told["link"].endswith(f"/r/{host.ref}/screen#token={told['token']}")
    assert [each["label"] for each in (await host.do("GET", "/screens"))["items"]] == ["Hall 1"]
    screen = Somebody(client, {"Room-Token": told["token"]}, host.ref)
    seen = await screen.sees()
    assert (seen["role"], seen["mine"], seen["agenda"]) == ("screen", None, None)
    picture = await screen.ask("GET", "/qr.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.text.startswith("<svg")
    assert 'fill="#fff"' in picture.text
    assert (await screen.ask("PUT", f"/questions/{uuid4()}", {"text": "Me?"})).status_code == 401
    stranger = Somebody(client, {**await a_guest(client), "Room-Token": told["token"]}, host.ref)
    assert (await stranger.ask("PUT", f"/questions/{uuid4()}", {"text": "Me?"})).status_code == 404
    other = await a_room(client)
    assert (await Somebody(client, screen.headers, other.ref).ask("GET")).status_code == 404, "another room's token"
    again = await host.do("PUT", path, {"label": "Hall 1"})
    assert (await screen.ask("GET")).status_code == 404, "it has another token by now"
    screen.headers = {"Room-Token": again["token"]}
    await screen.sees()
    await host.do("DELETE", path)
    assert (await screen.ask("GET")).status_code == 404


async def test_hidden_results_and_ballots_show_nowhere_in_a_room(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    host = await a_room(client, owner)
    poll = await a_poll(client, owner, rules={"results": "after_close", "minimum": 0})
    await host.do("PUT", "/stage", {"poll": poll})
    await host.do("PUT", "/results", {"shown": True})
    bo = await joined(host)
    before = await bo.sees()
    await cast(client, poll, bo.headers, {"picks": [1]})
    after = await bo.sees()
    assert {**after, "now": 0} == {**before, "now": 0}, "a ballot moves nothing: no number, no entry, no time"
    assert (await bo.do("GET", f"/changes?after={before['seq']}"))["changes"] == []
    answer = await client.get(f"/v1/votebooth/polls/{poll}/results", headers=host.headers)
    assert kind_of(answer) == (403, "results-hidden"), "revealing opens nothing that the poll's rules hide"


async def test_a_room_outlives_its_hosts_and_its_code_is_given_back(
    client: httpx.AsyncClient, votewave: VoteWave, booth: VoteBooth
) -> None:
    host = await a_room(client)
    other = await a_co_host(host)
    room = (await host.sees())["room"]
    assert kind_of(await other.ask("DELETE")) == (403, "not-the-owner")
    assert kind_of(await other.ask("PUT", f"/hosts/{uuid4()}")) == (404, "not-found")
    await other.do("PUT", "/timer", {"seconds": 5})
    assert (await other.sees())["ended"] is None
    pulse = Pulse(booth.kit)
    for ended, code in ((True, host.ref), (True, None)):
        await votewave.sql("UPDATE votebooth.rooms SET acted_at = now() - interval '31 days' WHERE id = $1::uuid", room)
        await pulse.sweep()
        seen = await Somebody(client, other.headers, room).sees()
        assert (seen["ended"] is not None, seen["code"]) == (ended, code)
    assert (await other.ask("GET")).status_code == 404
    assert kind_of(await Somebody(client, other.headers, room).ask("GET", "/qr.svg")) == (410, "closed")


async def test_a_room_is_made_once_and_deleted_with_all_of_it(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    owner = {**await a_user(client), "Idempotency-Key": "first"}
    answers = await asyncio.gather(*(client.post(ROOMS, json={"title": "A"}, headers=owner) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["room"] for answer in answers}) == 1
    assert kind_of(await client.post(ROOMS, json={"title": "B"}, headers=owner)) == (409, "idempotency-key-used")
    host = Somebody(client, owner, answers[0].json()["code"])
    bo = await joined(host)
    await bo.do("PUT", f"/questions/{await bo.question('Why?')}/vote")
    await bo.do("POST", "/reactions", {"emoji": "up"})
    listed = (await client.get(ROOMS, headers=owner)).json()["items"]
    assert [(each["code"], each["title"]) for each in listed] == [(host.ref, "A")]
    await host.do("DELETE")
    assert (await bo.ask("GET")).status_code == 404
    for table in ("log", "members", "leases", "questions", "votes", "screens"):
        rows = await votewave.sql(
            f"SELECT 1 FROM votebooth.room_{table} WHERE room_id = $1::uuid",
            answers[0].json()["room"],
        )
        assert not rows, table
