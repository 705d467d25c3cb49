"""What an owner was told of a poll's end holds for every ballot that is sent afterwards, also while events are late."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..voting import Instance, Poll, guests, poll, recount, secret


@asynccontextmanager
async def late_events(votewave: VoteWave) -> AsyncIterator[None]:
    """Keep Polls' events back, as when Redis is away."""
    connection = await asyncpg.connect(votewave.admin_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended('votewave relay polls', 0))")
        yield
    finally:
        await connection.close()


@pytest.fixture
async def booths(votewave: VoteWave) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two more VoteBooths beside the one that the gateway would ask."""
    instances = [Instance(votewave), Instance(votewave)]
    await asyncio.gather(*(instance.start() for instance in instances))
    clients = [httpx.AsyncClient(base_url=instance.url, timeout=20) for instance in instances]
    yield clients
    for client in clients:
        await client.aclose()
    for instance in instances:
        instance.stop()


def everywhere(voted: Poll, booths: list[httpx.AsyncClient]) -> list[Poll]:
    said = {"id": voted.id, "rules": {"anonymous": voted.anonymous}}
    return [voted, *(Poll(client, voted.owner, said) for client in booths)]


async def counted(voted: Poll, voter: dict[str, str]) -> str:
    """Cast a ballot, again for as long as the answer is 503; return its receipt."""

    async def cast() -> str:
        answer = await voted.put(voter, {"picks": [1], **({"secret": own} if voted.anonymous else {})})
        assert answer.status_code in {200, 201, 503}, answer.text
        return str(answer.json().get("receipt", ""))

    own = secret()
    return str(await eventually(cast, 30))


async def test_no_ballot_that_is_sent_after_the_answer_to_a_close_is_counted(
    client: httpx.AsyncClient, votewave: VoteWave, booths: list[httpx.AsyncClient]
) -> None:
    voted = await poll(client)
    places = everywhere(voted, booths)
    voters = await guests(client, 12)
    seen: list[tuple[float, int]] = []
    counted: set[int] = set()
    closed = float("inf")

    async def keep_voting(n: int) -> None:
        for turn in range(1000):
            sent = time.monotonic()
            answer = await places[n % len(places)].put(voters[n], {"picks": [turn % 3 + 1]})
            seen.append((sent, answer.status_code))
            if answer.status_code < 300:
                counted.add(n)
            if sent >= closed:
                return

    async def all_have_voted() -> bool:
        return len(counted) == len(voters)

    async with late_events(votewave):
        voting = [asyncio.create_task(keep_voting(n)) for n in range(len(voters))]
        await eventually(all_have_voted, 30)
        answer = await client.post(f"/v1/polls/{voted.id}/close", headers=voted.owner)
        closed = time.monotonic()
        await asyncio.wait_for(asyncio.gather(*voting), 60)
    assert answer.status_code == 200
    after = [status for sent, status in seen if sent >= closed]
    assert after
    assert set(after) == {410}
    rows = await votewave.sql("SELECT revision FROM votebooth.ballots WHERE poll_id = $1", voted.id)
    # More, if an answer was that it isn't known.
    assert sum(row["revision"] for row in rows) >= sum(status < 300 for _, status in seen)
    assert await recount(votewave, voted.id) == (12, [])


async def test_a_deleted_poll_is_gone_in_every_instance_at_once(
    client: httpx.AsyncClient, votewave: VoteWave, booths: list[httpx.AsyncClient]
) -> None:
    voted = await poll(client)
    anonymous = await poll(client, rules={"anonymous": True})
    voters = await guests(client, 3)
    for each in (voted, anonymous):
        places = everywhere(each, booths)
        receipts = [await counted(at, voter) for at, voter in zip(places, voters, strict=True)]
        async with late_events(votewave):
            assert (await client.delete(f"/v1/polls/{each.id}", headers=each.owner)).status_code == 204
            for at, voter, said in zip(places, voters, receipts, strict=True):
                assert (await at.mine(voter)).status_code == 404
                assert (await at.client.get(f"{at.path}/receipts/{said}")).status_code == 404
                assert (await at.client.get(f"{at.path}/results")).status_code == 404
                assert (await at.put(voter, {"picks": [2]})).status_code == 404


async def test_a_poll_that_was_deleted_before_anybody_voted_takes_no_ballot(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    [voter] = await guests(client, 1)
    async with late_events(votewave):
        voted = await poll(client)
        assert (await client.delete(f"/v1/polls/{voted.id}", headers=voted.owner)).status_code == 204
        assert (await voted.put(voter, {"picks": [1]})).status_code == 404


async def test_a_changed_end_holds_when_it_is_answered(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    first, second = await guests(client, 2)
    assert (await voted.put(first, {"picks": [1]})).status_code == 201
    ends = datetime.now(UTC) + timedelta(seconds=1)
    async with late_events(votewave):
        answer = await client.patch(f"/v1/polls/{voted.id}", headers=voted.owner, json={"closes_at": ends.isoformat()})
        assert answer.status_code == 200
        await asyncio.sleep((ends - datetime.now(UTC)).total_seconds() + 0.05)
        assert (await voted.put(second, {"picks": [1]})).status_code == 410


async def test_a_close_that_votebooth_doesnt_confirm_in_time_is_answered_so_and_holds_by_its_event(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client)
    gone = await poll(client)
    first, second = await guests(client, 2)
    for each in (voted, gone):
        assert (await each.put(first, {"picks": [1]})).status_code == 201
    hasty = Instance(votewave, "polls", VOTEWAVE_POLLS_CONFIRM_SECONDS="0.3")
    await hasty.start()
    holder = await asyncpg.connect(votewave.admin_dsn)
    try:
        async with httpx.AsyncClient(base_url=hasty.url, timeout=20) as polls, holder.transaction():
            for each in (voted, gone):
                await holder.execute("SELECT 1 FROM votebooth.counters WHERE poll_id = $1 FOR UPDATE", each.id)
            answer = await polls.post(f"/v1/polls/{voted.id}/close", headers=voted.owner)
            deleted = await polls.delete(f"/v1/polls/{gone.id}", headers=gone.owner)
    finally:
        await holder.close()
        hasty.stop()
    assert (answer.status_code, answer.json()["status"], answer.headers["retry-after"]) == (202, "closed", "1")
    assert deleted.status_code == 202

    async def over() -> bool:
        return (await voted.put(second, {"picks": [1]})).status_code == 410

    async def away() -> bool:
        return (await gone.put(second, {"picks": [1]})).status_code == 404

    await eventually(over, 30)
    await eventually(away, 30)
    again = await client.post(f"/v1/polls/{voted.id}/close", headers=voted.owner)
    assert again.status_code == 200
