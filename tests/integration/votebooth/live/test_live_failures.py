"""Live connections when something else goes away."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ..booth_world import (
    a_guest,
    a_poll,
    a_user,
    cast,
    events,
    heard,
    live_url,
    said,
    shown,
    socket,
    stream_of,
    sums,
    until,
)


@pytest.fixture
def limited(tmp_path: Path, votewave: Any) -> Iterator[Any]:
    """A VoteWave that takes three live connections, for four seconds each."""
    settings = {"VOTEWAVE_VOTEBOOTH_LIVE_CONNECTIONS": "3", "VOTEWAVE_VOTEBOOTH_LIVE_SECONDS": "4"}
    own = type(votewave)(tmp_path / "data", **settings)
    own.start()
    yield own
    with contextlib.suppress(Exception):
        own.stop()


@pytest.fixture
async def there(limited: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=limited.url, timeout=20) as session:
        yield session


async def test_what_another_process_wrote_shows_within_a_second_though_nothing_was_heard(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    poll = await a_poll(client, await a_user(client))
    async with socket(client, poll) as connection:
        await heard(connection)
        change = "UPDATE votebooth.counters SET seq = seq + 1, ballots = 1, sums = '{0,1}' WHERE poll_id = $1"
        await votewave.sql(change, UUID(poll))
        started = time.monotonic()
        delta = await until(connection, "delta", 3)
        assert time.monotonic() - started < 1.5
        assert delta["changes"] == {"ballots": 1, "sums": {"2": 1}}


async def test_limits_lifetimes_lost_redis_and_the_end(limited: Any, there: httpx.AsyncClient) -> None:
    """One VoteWave for all of it: to start one costs seconds."""
    poll = await a_poll(there, await a_user(there))
    voters = [await a_guest(there) for _ in range(4)]
    await only_so_many_connections_are_taken_and_they_end_in_time(there, poll)
    await losing_redis_costs_the_watchers_nothing(there, poll, voters, limited.redis_url)
    await a_process_that_is_stopped_ends_its_connections_and_then_itself(there, poll, limited)


async def only_so_many_connections_are_taken_and_they_end_in_time(client: httpx.AsyncClient, poll: str) -> None:
    async with events(client, poll) as one, events(client, poll) as two, socket(client, poll) as three:
        for stream in (one, two):
            assert (await said(stream))["type"] == "snapshot"
        await heard(three)
        refused = await client.get("/v1/votebooth/live/events", params={"stream": stream_of(poll)})
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        async with connect(live_url(client)) as fourth:
            with pytest.raises(ConnectionClosed) as closed:
                await heard(fourth)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4503
        for stream in (one, two):
            last = await said(stream, 8)
            assert (last["type"], last["reason"], last["id"]) == ("end", "lifetime", None)
            assert 0 <= last["retry_ms"] <= 5_000, "spread, so that not all come back at once"
        assert (await until(three, "end", 8))["reason"] == "lifetime"
        with pytest.raises(ConnectionClosed):
            await heard(three)


def hide(file: Path) -> None:
    file.rename(file.with_suffix(".away"))


async def cut_off_from(redis_url: str) -> None:
    """End every connection to Redis and let nobody in: a server that ended would be started again."""
    redis = Redis.from_url(redis_url)
    await redis.ping()
    hide(Path(urlsplit(redis_url).path))
    for kind in ("pubsub", "normal"):
        await redis.execute_command("CLIENT", "KILL", "TYPE", kind)
    await redis.aclose()


async def losing_redis_costs_the_watchers_nothing(
    client: httpx.AsyncClient, poll: str, voters: list[dict[str, str]], redis_url: str
) -> None:
    await cut_off_from(redis_url)
    async with events(client, poll) as stream, socket(client, poll) as connection:
        await said(stream)
        await heard(connection)
        for number, voter in enumerate(voters, 1):
            await cast(client, poll, voter, {"picks": [1]})
            assert (await said(stream, 3))["changes"] == {"ballots": number, "sums": {"1": number}}
            await until(connection, "delta", 3)
    refused = await client.post("/v1/votebooth/live/tickets", json={}, headers=voters[0])
    assert refused.status_code == 503
    assert sums(await shown(client, poll)) == [4, 0, 0]


async def a_process_that_is_stopped_ends_its_connections_and_then_itself(
    client: httpx.AsyncClient, poll: str, running: Any
) -> None:
    async with events(client, poll) as stream, socket(client, poll) as connection:
        await said(stream)
        await heard(connection)
        started = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(running.stop))
        assert (await said(stream))["reason"] == "stopping"
        assert (await until(connection, "end"))["reason"] == "stopping"
        with pytest.raises(ConnectionClosed):
            await heard(connection)
        assert await stopping == 0
        assert time.monotonic() - started < 8
