"""The walk: every path that could carry a result, under every rule, for every role, in every phase.

A poll's numbers are made so that they can be recognised anywhere. Both directions are tested: numbers don't
appear where they may not, and do appear where they should.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ..booth_world import (
    Headers,
    a_guest,
    a_poll,
    a_ticket,
    a_user,
    an_administrator,
    cast,
    close,
    events,
    follow,
    heard,
    live_url,
    results,
    said,
    shown,
    socket,
    sums,
    until,
)

POINTS = 10_000
BALLOTS = (7919, 7907, 7901)
SUMS = [sum(BALLOTS), 3 * POINTS - sum(BALLOTS)]
NUMBERS = (*SUMS, *BALLOTS)
# Not the groups of digits in random ids.
TELLING = re.compile(r"(?<![\w.-])(" + "|".join(str(number) for number in NUMBERS) + r")(?![\w-])")
HIDDEN_KEYS = {"type", "title", "status", "detail", "trace", "reason", "shown_at"}
ROLES = ("stranger", "guest", "voter", "owner", "administrator")

# Rule, minimum, and who sees the result while the poll is open and when it is over.
CASES: dict[str, tuple[str, int, set[str], set[str]]] = {
    "always": ("always", 0, set(ROLES), set(ROLES)),
    "after_vote": ("after_vote", 0, {"voter"}, set(ROLES)),
    "after_close": ("after_close", 0, set(), set(ROLES)),
    "owner": ("owner", 0, {"owner"}, {"owner"}),
    "minimum reached": ("always", 3, set(ROLES), set(ROLES)),
    "minimum missed": ("always", 4, set(), set()),
    "minimum reached, after_vote": ("after_vote", 3, {"voter"}, set(ROLES)),
    "minimum missed, after_vote": ("after_vote", 4, set(), set()),
    "minimum missed, after_close": ("after_close", 4, set(), set()),
}


class World:
    """The people of the walk, and their polls."""

    def __init__(self, client: httpx.AsyncClient, people: dict[str, Headers], voters: list[Headers]) -> None:
        self.client = client
        self.people = people
        self.voters = voters

    async def poll(self, results: str, minimum: int, **more: Any) -> str:
        """Publish a poll and cast its ballots, unless it opens later."""
        rules: dict[str, Any] = {"results": results, **({"minimum": minimum} if minimum else {})}
        poll = await a_poll(self.client, self.people["owner"], "points", ("Ada", "Bo"), rules, points=POINTS, **more)
        if "opens_at" not in more:
            for voter, points in zip(self.voters, BALLOTS, strict=True):
                await cast(self.client, poll, voter, {"points": {"1": points, "2": POINTS - points}})
        return poll


@pytest.fixture(scope="module")
async def world(votewave: Any) -> AsyncIterator[World]:
    async with httpx.AsyncClient(base_url=votewave.url, timeout=20) as client:
        voters = [await a_guest(client) for _ in BALLOTS]
        people = {
            "stranger": {},
            "guest": await a_guest(client),
            "voter": voters[0],
            "owner": await a_user(client),
            "administrator": await an_administrator(client, votewave),
        }
        yield World(client, people, voters)


def assert_hidden(answer: httpx.Response) -> None:
    assert answer.status_code == 403, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert "etag" not in answer.headers
    body = answer.json()
    assert set(body) <= HIDDEN_KEYS
    assert body["type"].endswith("/results-hidden")
    assert not TELLING.search(answer.text)


async def walk_rest(world: World, poll: str, role: str, visible: bool) -> None:
    who = world.people[role]
    answer = await results(world.client, poll, who)
    conditional = [await results(world.client, poll, {**who, "if-none-match": tag}) for tag in ('"1.3.live"', "*")]
    if not visible:
        for each in (answer, *conditional):
            assert_hidden(each)
        return
    assert answer.status_code == 200, answer.text
    assert sums(answer.json()) == SUMS
    assert answer.json()["ballots"] == 3
    assert conditional[1].status_code == 304


def assert_message(message: dict[str, Any], visible: bool) -> None:
    if visible:
        assert message["type"] == "snapshot", message
        assert (sums(message), message["ballots"]) == (SUMS, 3)
    else:
        assert message["type"] == "hidden", message
        assert set(message) <= {"type", "stream", "epoch", "seq", "status", "reason", "detail", "shown_at", "id"}
        assert message["seq"] == 0
        assert not TELLING.search(json.dumps({**message, "stream": ""}))


async def walk_socket(world: World, poll: str, role: str, visible: bool) -> None:
    async with socket(world.client, poll, world.people[role]) as connection:
        assert_message(await heard(connection), visible)


async def walk_events(world: World, poll: str, role: str, visible: bool) -> None:
    for last in (None, "1-1.live/3", "1-2.final/3"):
        async with events(world.client, poll, world.people[role], last) as stream:
            message = await said(stream)
            if message["type"] != "current":  # which only who missed nothing gets, and may have had
                assert_message(message, visible)
            else:
                assert visible


async def walk_export(world: World, poll: str, role: str, visible: bool, over: bool) -> None:
    for form in ("csv", "json") if over else ("json",):
        answer = await world.client.get(
            f"/v1/votebooth/polls/{poll}/export", params={"format": form}, headers=world.people[role]
        )
        if not visible:
            assert_hidden(answer)
        elif not over:
            assert answer.status_code == 409
            assert not TELLING.search(answer.text)
        else:
            assert answer.status_code == 200, answer.text
            assert all(str(number) in answer.text for number in BALLOTS)


async def walk(world: World, poll: str, visible_to: set[str], *, over: bool) -> None:
    """Take every path as everybody."""
    for role in ROLES:
        visible = role in visible_to
        await asyncio.gather(
            walk_rest(world, poll, role, visible),
            walk_socket(world, poll, role, visible),
            walk_events(world, poll, role, visible),
            walk_export(world, poll, role, visible, over),
        )


@pytest.mark.parametrize("case", list(CASES))
async def test_the_walk(world: World, case: str) -> None:
    rule, minimum, while_open, when_over = CASES[case]
    poll = await world.poll(rule, minimum)
    await walk(world, poll, while_open, over=False)
    await close(world.client, poll, world.people["owner"])
    await walk(world, poll, when_over, over=True)


@pytest.mark.parametrize("case", list(CASES))
async def test_the_walk_before_the_poll_opens(world: World, case: str) -> None:
    rule, minimum, _, _ = CASES[case]
    poll = await world.poll(rule, minimum, opens_at="2100-01-01T00:00:00Z")
    # Nothing is hidden where there is nothing, but the answers are those of the rule.
    visible = {"always": set(ROLES), "owner": {"owner"}}.get(rule, set()) if minimum == 0 else set()
    for role in ROLES:
        answer = await results(world.client, poll, world.people[role])
        if role in visible:
            assert (answer.status_code, sums(answer.json())) == (200, [0, 0])
        else:
            assert_hidden(answer)


@pytest.mark.parametrize("case", [case for case in CASES if case != "always"])
async def test_live_connections_see_a_result_when_it_shows_and_not_before(world: World, case: str) -> None:
    rule, minimum, while_open, when_over = CASES[case]
    poll = await world.poll(rule, minimum)
    async with socket(world.client, poll, world.people["guest"]) as connection:
        assert_message(await heard(connection), "guest" in while_open)
        await close(world.client, poll, world.people["owner"])
        if "guest" in when_over:
            final = await until(connection, "snapshot", status="final")
            assert sums(final) == SUMS
        else:  # it is told that it is over, and at most the reason changes
            assert_message(await heard(connection), False)
            with pytest.raises(TimeoutError):
                await heard(connection, 0.3)


async def test_a_viewer_who_votes_sees_the_result_on_the_connection_that_is_open(world: World) -> None:
    poll = await world.poll("after_vote", 0)
    late = await a_guest(world.client)
    async with socket(world.client, poll, late) as connection, events(world.client, poll, late) as stream:
        assert_message(await heard(connection), False)
        assert_message(await said(stream), False)
        await cast(world.client, poll, late, {"points": {"1": POINTS}})
        expected = [SUMS[0] + POINTS, SUMS[1]]
        assert sums(await until(connection, "snapshot")) == expected
        assert sums(await said(stream)) == expected
        await world.client.delete(f"/v1/votebooth/polls/{poll}/ballot", headers=late)
        assert (await until(connection, "hidden"))["reason"] == "after_vote"
        assert (await said(stream))["type"] == "hidden"


async def test_the_list_of_receipts_does_not_tell_how_few_have_voted(world: World) -> None:
    missed, reached = await world.poll("always", 4), await world.poll("always", 3)
    path = "/v1/votebooth/polls/{}/receipts"
    answer = await world.client.get(path.format(missed))
    assert answer.status_code == 403
    assert set(answer.json()) <= HIDDEN_KEYS
    assert len((await world.client.get(path.format(reached))).json()["items"]) == 3


async def test_who_voted_with_a_token_is_known_by_it(world: World) -> None:
    client, owner = world.client, world.people["owner"]
    rules = {"eligibility": "tokens", "results": "after_vote", "anonymous": True}
    poll = await a_poll(client, owner, rules=rules)
    made = await client.post(f"/v1/votebooth/polls/{poll}/tokens", json={"count": 2}, headers=owner)
    used, unused = made.json()["tokens"]
    holder = {**world.people["guest"], "ballot-token": used}
    await cast(client, poll, holder, {"picks": [1]})
    for who, visible in (
        (holder, True),
        ({**world.people["administrator"], "ballot-token": used}, True),
        ({**world.people["guest"], "ballot-token": unused}, False),
        ({**world.people["guest"], "ballot-token": "x" * 22}, False),
        (world.people["guest"], False),
        ({"ballot-token": used}, False),
    ):
        answer = await results(client, poll, who)
        assert answer.status_code == (200 if visible else 403), answer.text
        if "authorization" in who:
            async with socket(client, poll, who) as connection, events(client, poll, who) as stream:
                kinds = {(await heard(connection))["type"], (await said(stream))["type"]}
                assert kinds == {"snapshot" if visible else "hidden"}


async def test_a_withdrawal_below_the_minimum_hides_everything_again(world: World) -> None:
    poll = await world.poll("always", 3)
    async with socket(world.client, poll) as connection:
        assert_message(await heard(connection), True)
        await world.client.delete(f"/v1/votebooth/polls/{poll}/ballot", headers=world.voters[2])
        assert (await until(connection, "hidden"))["reason"] == "minimum"
        assert_hidden(await results(world.client, poll, world.people["owner"]))


async def test_under_a_minimum_no_single_ballot_shows_as_a_difference(world: World) -> None:
    client = world.client
    poll = await a_poll(client, world.people["owner"], rules={"minimum": 3})
    seen: list[tuple[int, list[int]]] = []
    async with socket(client, poll) as connection:
        assert (await heard(connection))["type"] == "hidden"
        for number in range(1, 9):
            await cast(client, poll, await a_guest(client), {"picks": [1 + number % 2]})
            answer = await results(client, poll)
            if answer.status_code == 200:
                seen.append((answer.json()["ballots"], sums(answer.json())))
            else:
                assert_hidden(answer)
        await asyncio.sleep(0.3)
        pushed = []
        while True:
            try:
                pushed.append(await heard(connection, 0.3))
            except TimeoutError:
                break
    assert seen == [(3, [1, 2, 0])] * 3 + [(6, [3, 3, 0])] * 3
    assert {message.get("seq") for message in pushed} <= {3, 6}
    assert {message.get("ballots") or message["changes"]["ballots"] for message in pushed} <= {3, 6}
    await close(client, poll, world.people["owner"])
    final = await shown(client, poll)
    assert (final["status"], final["ballots"]) == ("final", 8)


async def test_released_steps_of_ranked_polls_are_kept_in_the_database(world: World, votewave: Any) -> None:
    client = world.client
    poll = await a_poll(client, world.people["owner"], "irv", rules={"minimum": 3})
    for ranking in ([1, 2], [1, 3], [2, 1], [3, 1], [2, 3]):
        await cast(client, poll, await a_guest(client), {"ranking": ranking})
        await results(client, poll)
    before = await shown(client, poll)
    assert (before["ballots"], sums(before)) == (3, [2, 1, 0])
    assert before["rounds"][0]["tallies"][0] == {"option": 1, "votes": 2}
    rows = await votewave.sql("SELECT ballots FROM votebooth.releases WHERE poll_id = $1::text::uuid", poll)
    assert [row["ballots"] for row in rows] == [3]


async def test_a_ticket_opens_one_connection(world: World) -> None:
    poll = await world.poll("owner", 0)
    ticket = await a_ticket(world.client, world.people["owner"])
    for code in (None, 4401):
        async with connect(live_url(world.client, ticket)) as connection:
            if code is None:
                await follow(connection, poll)
                assert_message(await heard(connection), True)
            else:
                with pytest.raises(ConnectionClosed) as refused:
                    await connection.recv()
                assert refused.value.rcvd is not None
                assert refused.value.rcvd.code == code


async def test_forged_tokens_are_refused_and_not_taken_for_strangers(world: World) -> None:
    poll = await world.poll("always", 0)
    for path in (f"polls/{poll}/results", f"live/events?stream=poll:{poll}", f"polls/{poll}/export"):
        answer = await world.client.get(f"/v1/votebooth/{path}", headers={"authorization": "Bearer nonsense"})
        assert answer.status_code == 401


async def test_redis_logs_and_the_description_of_the_api_hold_no_numbers(world: World, votewave: Any) -> None:
    """Runs last: everything above has left its traces by now."""
    redis = Redis.from_url(votewave.redis_url)
    try:
        async for key in redis.scan_iter():
            match await redis.type(key):
                case b"string":
                    value: Any = await redis.get(key)
                case b"stream":
                    value = await redis.xrange(key)
                case b"hash":
                    value = await redis.hgetall(key)
                case b"zset":
                    value = await redis.zrange(key, 0, -1)
                case b"set":
                    value = await redis.smembers(key)
                case _:
                    value = await redis.lrange(key, 0, -1)
            assert not TELLING.search(str(value)), key
    finally:
        await redis.aclose()
    assert not TELLING.search((await world.client.get("/openapi.json")).text)
    for line in votewave.log().splitlines():
        assert not TELLING.search(line), line
