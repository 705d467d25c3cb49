import asyncio
import base64
import contextlib
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from ..booth_world import (
    a_guest,
    a_poll,
    a_stream_ticket,
    a_ticket,
    a_user,
    cast,
    cast_many,
    close,
    events,
    follow,
    heard,
    live_url,
    said,
    shown,
    socket,
    stream_of,
    sums,
    until,
)


class Copy:
    """A client's copy of a poll's sums, kept up by messages; says so if one doesn't fit."""

    def __init__(self) -> None:
        self.seq = -1
        self.ballots = 0
        self.sums: dict[str, int] = {}
        self.kinds: Counter[str] = Counter()
        self.status = ""

    def apply(self, message: dict[str, Any]) -> None:
        self.kinds[message["type"]] += 1
        if message["type"] == "snapshot":
            self.seq, self.ballots, self.status = message["seq"], message["ballots"], message["status"]
            self.sums = {str(option["id"]): option["sum"] for option in message["options"]}
        elif message["type"] == "delta":
            assert message["prev"] == self.seq, "a gap without a snapshot"
            assert message["seq"] > self.seq
            self.seq = message["seq"]
            self.ballots = message["changes"].get("ballots", self.ballots)
            self.sums |= message["changes"].get("sums", {})


def same(copy: Copy, result: dict[str, Any]) -> bool:
    return copy.ballots == result["ballots"] and list(copy.sums.values()) == sums(result)


async def test_a_snapshot_then_deltas_on_both_kinds_of_connection(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client))
    await cast_many(client, poll, [{"picks": [1]}])
    async with socket(client, poll) as connection, events(client, poll) as stream:
        first = [await heard(connection), await said(stream)]
        assert [(each["type"], each["ballots"], sums(each)) for each in first] == [("snapshot", 1, [1, 0, 0])] * 2
        await cast_many(client, poll, [{"picks": [2]}])
        for delta in (await heard(connection), await said(stream)):
            assert delta["type"] == "delta"
            assert delta["prev"] == first[0]["seq"]
            assert delta["changes"] == {"ballots": 2, "sums": {"2": 1}}


async def test_a_vote_is_seen_within_a_quarter_of_a_second(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client))
    guests = [await a_guest(client) for _ in range(5)]
    delays = []
    async with socket(client, poll) as connection:
        await heard(connection)
        for guest in guests:
            await cast(client, poll, guest, {"picks": [1]})
            started = time.perf_counter()
            await until(connection, "delta")
            delays.append(time.perf_counter() - started)
    assert sorted(delays)[2] < 0.25, delays


async def test_under_a_storm_each_client_gets_ten_pushes_a_second_at_most_and_ends_up_right(
    client: httpx.AsyncClient,
) -> None:
    poll = await a_poll(client, await a_user(client))
    guests = await asyncio.gather(*(a_guest(client) for _ in range(60)))
    arrivals: list[float] = []
    copy = Copy()

    async def follow() -> None:
        async with socket(client, poll) as connection:
            while copy.ballots < 60:
                copy.apply(await heard(connection))
                arrivals.append(time.perf_counter())

    following = asyncio.create_task(follow())
    for start in range(0, 60, 4):
        await asyncio.gather(
            *(
                cast(client, poll, guest, {"picks": [1 + number % 3]})
                for number, guest in enumerate(guests[start : start + 4], start)
            )
        )
        await asyncio.sleep(0.05)
    await asyncio.wait_for(following, 10)
    assert same(copy, await shown(client, poll))
    for moment in arrivals:
        assert sum(moment <= other < moment + 1 for other in arrivals) <= 11  # ten, and the network's jitter
    assert copy.kinds["snapshot"] == 1


async def test_who_resumes_with_what_is_current_gets_deltas_and_with_anything_else_a_snapshot(
    client: httpx.AsyncClient,
) -> None:
    poll = await a_poll(client, await a_user(client))
    async with events(client, poll) as stream:
        mark = (await said(stream))["id"]
    async with events(client, poll, last=mark) as stream, socket(client, poll, since=mark) as connection:
        assert (await said(stream))["type"] == "current"
        assert (await heard(connection))["type"] == "current"
        await cast_many(client, poll, [{"picks": [1]}])
        assert (await said(stream))["type"] == "delta"
        assert (await heard(connection))["type"] == "delta"
    async with events(client, poll, last=mark) as stream, socket(client, poll, since=mark) as connection:
        assert (await said(stream))["type"] == "delta", "the counts before are remembered for a while"
        assert (await heard(connection))["changes"] == {"ballots": 1, "sums": {"1": 1}}
    for other in ("1-1.live/7", "9-1.live/0", "1-1.final/0", "1.0.live", "/", "x/99999999999999999999"):
        async with events(client, poll, last=other) as stream:
            assert (await said(stream))["type"] == "snapshot"


async def test_closing_by_hand_pushes_the_final_counts(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    poll = await a_poll(client, owner, "irv")
    await cast_many(client, poll, [{"ranking": [1, 2]}, {"ranking": [2]}, {"ranking": [1]}])
    async with socket(client, poll) as connection:
        await until(connection, "snapshot")
        await close(client, poll, owner)
        final = await until(connection, "snapshot", status="final")
        assert (final["status"], final["counted"], sums(final)) == ("final", "first_preferences", [2, 1, 0])


async def test_opening_and_closing_by_the_clock_are_pushed_within_a_second(client: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    opens, closes = now + timedelta(seconds=1.5), now + timedelta(seconds=3)
    poll = await a_poll(client, await a_user(client), opens_at=opens.isoformat(), closes_at=closes.isoformat())
    async with socket(client, poll) as connection:
        assert (await heard(connection))["status"] == "scheduled"
        await until(connection, "snapshot", status="live")
        opened = datetime.now(UTC)
        await cast_many(client, poll, [{"picks": [3]}])
        final = await until(connection, "snapshot", status="final")
        closed = datetime.now(UTC)
        assert sums(final) == [0, 0, 1]
    assert timedelta(0) <= opened - opens < timedelta(seconds=1)
    assert timedelta(0) <= closed - closes < timedelta(seconds=1)


async def test_results_shown_after_the_close_show_by_the_clock(client: httpx.AsyncClient) -> None:
    closes = datetime.now(UTC) + timedelta(seconds=2.5)
    poll = await a_poll(client, await a_user(client), rules={"results": "after_close"}, closes_at=closes.isoformat())
    await cast_many(client, poll, [{"picks": [1]}])
    async with events(client, poll) as stream:
        hidden = await said(stream)
        assert (hidden["type"], hidden["reason"]) == ("hidden", "after_close")
        assert abs(datetime.fromisoformat(hidden["shown_at"]) - closes) < timedelta(seconds=0.001)
        assert sums(await said(stream)) == [1, 0, 0]
    assert timedelta(0) <= datetime.now(UTC) - closes < timedelta(seconds=1)


async def test_a_client_that_reads_nothing_costs_the_voters_and_the_others_nothing(
    client: httpx.AsyncClient,
) -> None:
    poll = await a_poll(client, await a_user(client))
    copy = Copy()
    async with (
        connect(live_url(client), max_queue=1, ping_interval=None) as deaf,
        socket(client, poll) as connection,
    ):
        await follow(deaf, poll)
        for _ in range(20):
            await cast_many(client, poll, [{"picks": [1]}])
        async with asyncio.timeout(10):
            while copy.ballots < 20:
                copy.apply(await heard(connection))
        # Whatever it missed, what it gets in the end fits together.
        late = Copy()
        async with asyncio.timeout(10):
            while late.ballots < 20:
                late.apply(await heard(deaf))
    assert late.sums == copy.sums == {"1": 20, "2": 0, "3": 0}


async def code_of(connection: ClientConnection) -> int:
    """Return with which code a connection is closed."""
    with pytest.raises(ConnectionClosed) as closed:
        await until(connection, "nothing", 10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


PING = json.dumps({"type": "leave", "stream": "poll:x"})


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (["[" * 100], 4400),
        ([b"{}"], 4400),
        (["null"], 4400),
        (['{"type": "tea"}'], 4400),
        (['{"type": "follow", "stream": "poll:x", "more": 1}'], 4400),
        (['{"type": "follow", "stream": "' + "x" * 5_000 + '"}'], 4400),
        (["x" * 70_000], 1009),
        ([PING] * 2_000, 4429),
    ],
    ids=["no JSON", "bytes", "null", "another type", "another field", "long", "too large", "a flood"],
)
async def test_a_client_that_says_what_it_should_not_is_closed_with_a_code_and_disturbs_nobody(
    client: httpx.AsyncClient, said: list[str | bytes], code: int
) -> None:
    poll = await a_poll(client, await a_user(client))
    async with socket(client, poll) as other, socket(client, poll) as connection:
        await heard(connection)
        with contextlib.suppress(ConnectionClosed):
            for word in said:
                await connection.send(word)
        assert await code_of(connection) == code
        await heard(other)
        await cast_many(client, poll, [{"picks": [1]}])
        assert (await heard(other))["type"] == "delta"


async def test_a_websocket_with_no_ticket_of_ours_or_of_another_site_s_page_is_closed_with_the_reason(
    client: httpx.AsyncClient,
) -> None:
    async with connect(live_url(client, "x")) as connection:
        assert await code_of(connection) == 4401
    async with connect(live_url(client), origin=Origin("https://evil.example")) as connection:
        assert await code_of(connection) == 4403
    own = Origin(str(client.base_url).rstrip("/"))
    async with connect(live_url(client), origin=own) as connection:
        await follow(connection, "x")
        assert (await heard(connection))["problem"]["status"] == 404


async def test_one_connection_carries_many_streams_and_says_which_it_cannot(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    one, two = await a_poll(client, owner), await a_poll(client, owner)
    async with socket(client, one) as connection:
        await follow(connection, two)
        for nowhere in (f"{'0' * 8}-0000-7000-8000-{'0' * 12}", one.upper()):
            await follow(connection, nowhere)
        first = [await heard(connection) for _ in range(4)]
        kinds = Counter((message["type"], message["stream"] in {stream_of(one), stream_of(two)}) for message in first)
        assert kinds == {("snapshot", True): 2, ("refused", False): 2}
        await connection.send(json.dumps({"type": "leave", "stream": stream_of(one)}))
        await follow(connection, two)
        assert (await heard(connection))["stream"] == stream_of(two), "asked again, it is told again"
        for poll in (one, two):
            await cast_many(client, poll, [{"picks": [1]}])
        assert (await until(connection, "delta"))["stream"] == stream_of(two)
        with pytest.raises(TimeoutError):
            await heard(connection, 0.3)
        for number in range(101):
            await follow(connection, f"{number:08}-0000-7000-8000-{'0' * 12}")
        refused = Counter([(await until(connection, "refused"))["problem"]["status"] for _ in range(101)])
        assert refused[429] >= 1, "a hundred at most"


async def test_tickets_want_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/votebooth/live/tickets", json={})).status_code == 401


async def test_signing_out_ends_the_connections_of_the_session(client: httpx.AsyncClient) -> None:
    owner, viewer = await a_user(client), await a_user(client)
    poll = await a_poll(client, owner)
    async with socket(client, poll, viewer) as connection, events(client, poll, viewer) as stream:
        await heard(connection)
        await said(stream)
        sessions = (await client.get("/v1/auth/sessions", headers=viewer)).json()["items"]
        for session in sessions:
            await client.delete(f"/v1/auth/sessions/{session['id']}", headers=viewer)
        assert (await until(connection, "end", 5))["reason"] == "token-expired"
        assert (await said(stream))["type"] == "end"
        with pytest.raises(StopAsyncIteration):
            await said(stream)


async def test_connections_that_are_gone_are_forgotten(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client))
    for _ in range(3):
        async with socket(client, poll) as connection, events(client, poll) as stream:
            await heard(connection)
            await said(stream)

    async def open_connections() -> float:
        text = (await client.get("/metrics")).text
        line = next(
            line for line in text.splitlines() if line.startswith('votewave_live_connections{service="votebooth"}')
        )
        return float(line.split()[-1])

    async with asyncio.timeout(5):
        while await open_connections() > 0:
            await asyncio.sleep(0.1)


async def test_who_reads_redis_learns_of_a_ticket_neither_account_nor_voters_key(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    """Side by side they would join an account to a participation in an anonymous poll."""
    poll = await a_poll(client, await a_user(client), rules={"anonymous": True, "results": "after_vote"})
    voter = await a_user(client)
    await cast(client, poll, voter, {"picks": [1]})
    account = UUID((await client.get("/v1/auth/me", headers=voter)).json()["id"])
    [row] = await votewave.sql("SELECT voter_key FROM votebooth.participations WHERE poll_id = $1", UUID(poll))
    ticket = await a_stream_ticket(client, poll, voter)
    async with Redis.from_url(votewave.redis_url) as store:
        names = [name async for name in store.scan_iter("votewave:ticket:*")]
        kept = b" ".join([name + b" " + (await store.get(name) or b"") for name in names])
    assert names
    key = row["voter_key"]
    for secret in (account.bytes, str(account).encode(), key, base64.b64encode(key), key.hex().encode()):
        assert secret not in kept
    assert ticket.encode() not in kept, "nor could it be used"
    async with events(client, poll, ticket=ticket) as stream:
        assert (await said(stream))["type"] == "snapshot", "it stands for who has voted"


async def test_a_ticket_does_not_open_a_poll_for_somebody_who_only_saw_it(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    poll = await a_poll(client, owner, rules={"results": "owner"})
    ticket = await a_ticket(client, owner)

    async def attempt() -> str:
        async with connect(live_url(client, ticket)) as connection:
            try:
                await follow(connection, poll)
                return str((await heard(connection))["type"])
            except ConnectionClosed:
                return "refused"

    outcomes = await asyncio.gather(*(attempt() for _ in range(8)))
    assert sorted(outcomes) == ["refused"] * 7 + ["snapshot"]
