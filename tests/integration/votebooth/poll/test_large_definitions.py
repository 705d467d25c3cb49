"""Large polls: they reach VoteBooth whole, and take none of the memory that security rests on."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from redis.asyncio import Redis
from services.core.events.handler import NotNowError
from services.core.events.outbox import stream_of
from services.votebooth.poll.definition import PollNews
from services.votebooth.poll.projection import Projection
from tests.conftest import VoteWave, eventually, free_port

from ..voting import PASSWORD, booth_kit, guest, poll, user

OPTIONS = 500
STREAM = stream_of("polls")


def labels(word: str) -> list[dict[str, str]]:
    """Return options of 90 kB."""
    return [{"label": f"{word} {number} ".ljust(180, "x")} for number in range(OPTIONS)]


async def tries(client: httpx.AsyncClient, email: str) -> int:
    """Try passwords until that is refused; return how many were tried."""
    for number in range(50):
        answer = await client.post("/v1/auth/sessions", json={"email": email, "password": "not this one"})
        if answer.status_code == 429:
            return number
        assert answer.status_code == 401, answer.text
    raise AssertionError("never refused")


async def stored(votewave: VoteWave, poll_id: str) -> dict[str, Any]:
    """Return what VoteBooth keeps of a poll, as soon as it keeps it."""
    query = "SELECT definition FROM votebooth.polls WHERE poll_id = $1"
    [row] = await eventually(lambda: votewave.sql(query, UUID(poll_id)))
    found: dict[str, Any] = json.loads(row["definition"])
    return found


async def test_edits_of_a_large_poll_arrive_and_are_small_in_the_stream(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    edits = 20
    owner = await user(client)
    opens_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    async with Redis.from_url(votewave.redis_url) as redis:
        before = await redis.memory_usage(STREAM, samples=0) or 0
        large = await poll(client, owner=owner, opens_at=opens_at)
        path = f"/v1/polls/{large.id}"
        for number in range(edits):
            answer = await client.patch(path, json={"options": labels(f"Edit {number}")}, headers=owner)
            assert answer.status_code == 200, answer.text
        last = answer.json()

        async def arrived() -> bool:
            return bool((await stored(votewave, large.id))["version"] == last["version"])

        await eventually(arrived)
        assert (await redis.memory_usage(STREAM, samples=0) or 0) - before < edits * 3_000
    kept = (await stored(votewave, large.id))["options"]
    assert [option["label"] for option in kept] == [option["label"] for option in last["options"]]
    assert [option["id"] for option in kept] == [option["id"] for option in last["options"]]


async def test_people_vote_in_a_large_poll(client: httpx.AsyncClient) -> None:
    large = await poll(client, options=OPTIONS)
    assert (await large.put(await guest(client), {"picks": [OPTIONS]})).status_code == 201


async def test_throttles_and_ended_sessions_outlive_large_polls_in_a_small_redis(own_votewave: VoteWave) -> None:
    own_votewave.start()
    async with httpx.AsyncClient(base_url=own_votewave.url, timeout=20) as client:
        email = f"{uuid4().hex}@example.org"
        ada = (await client.post("/v1/auth/accounts", json={"email": email, "password": PASSWORD})).json()
        assert await tries(client, email) >= 10
        owner = await user(client)
        async with Redis.from_url(own_votewave.redis_url) as redis:

            async def kept() -> list[bytes]:
                """Return the throttle's keys. If Redis was late, one more try tells it what was counted meanwhile."""
                await tries(client, email)
                return [key async for key in redis.scan_iter("votewave:limit:auth:try:*")]

            assert await eventually(kept)
            used = int((await redis.info("memory"))["used_memory"])
            await redis.config_set("maxmemory", str(used + 1_000_000))
            for number in range(16):
                large = {
                    "title": "Which?",
                    "method": {"type": "single"},
                    "options": labels(f"{number}"),
                    "publish": True,
                }
                answer = await client.post("/v1/polls", headers=owner, json=large)
                assert answer.status_code == 201, answer.text
                for _ in range(2):
                    assert (await client.get(f"/v1/polls/{answer.json()['id']}")).status_code == 200
            assert [key async for key in redis.scan_iter("votewave:limit:auth:try:*")], "not a key was given up"
            assert (await redis.info("stats"))["evicted_keys"] == 0
        assert await tries(client, email) < 10, "a try comes back in 30 s, not all of them"
        bearer = {"Authorization": f"Bearer {ada['access_token']}"}
        assert (await client.delete("/v1/auth/sessions/current", headers=bearer)).status_code == 204

        async def ended() -> bool:
            return (await client.get("/v1/auth/me", headers=bearer)).status_code == 401

        await eventually(ended, 3)
        last = f"/v1/votebooth/polls/{answer.json()['id']}"
        voter = await guest(client)
        assert (await client.put(f"{last}/ballot", json={"picks": [1]}, headers=voter)).status_code == 403, "users only"
        assert (await client.put(f"{last}/ballot", json={"picks": [OPTIONS]}, headers=owner)).status_code == 201
        assert (await client.post("/v1/votebooth/live/tickets", json={}, headers=owner)).status_code == 201


async def test_while_polls_is_away_the_news_of_a_large_poll_waits(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    large = await poll(client, options=3)
    kept = await stored(votewave, large.id)
    newer = {**kept, "version": kept["version"] + 1, "title": "Newer"}
    kit = booth_kit(votewave, peers=f"static:http://127.0.0.1:{free_port()}")
    try:
        projection = Projection(kit)
        news = msgspec.convert({**newer, "options": None}, PollNews)
        with pytest.raises(NotNowError):
            async with kit.db.transaction() as session:
                await projection.hear(session, news)
        assert await stored(votewave, large.id) == kept
        old = msgspec.structs.replace(news, version=kept["version"])
        async with kit.db.transaction() as session:
            await projection.hear(session, old)  # nothing to ask for
            await projection.hear(session, msgspec.convert(newer, PollNews))
    finally:
        await kit.db.close()
        await kit.shared.close()
    assert await stored(votewave, large.id) == newer
