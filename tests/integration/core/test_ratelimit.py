import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from services.core.redis import rate_limit as ratelimit
from services.core.redis.rate_limit import RateLimiter
from services.embedded import Embedded


@pytest.fixture(scope="module")
def servers() -> Iterator[Embedded]:
    with tempfile.TemporaryDirectory(prefix="vw-") as name, Embedded(Path(name)) as servers:
        yield servers


@pytest.fixture
async def redis(servers: Embedded) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.redis_url, retry=Retry(NoBackoff(), 0))
    await client.flushall()
    yield client
    await client.aclose()


def fallbacks() -> float:
    return ratelimit._FALLBACK._value.get()


async def test_four_instances_let_exactly_the_limit_through(
    servers: Embedded, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "_TIMEOUT_SECONDS", 30.0)  # so many at once take their time
    clients = [Redis.from_url(servers.redis_url, max_connections=200) for _ in range(4)]
    instances = [RateLimiter(client) for client in clients]
    before = fallbacks()
    for limit, per in ((20, 3600.0), (7, 3600.0), (333, 7200.0)):
        decisions = await asyncio.gather(
            *(instance.hit(f"k{limit}", limit, per) for _ in range(150) for instance in instances)
        )
        assert sum(decision.allowed for decision in decisions) == limit
    assert fallbacks() == before
    for client in clients:
        await client.aclose()


async def test_redis_and_the_process_decide_alike(redis: Redis) -> None:
    limiter = RateLimiter(redis)
    first = await limiter.hit("k", 4, 8.0)
    assert (first.allowed, first.remaining, first.reset_after, first.retry_after) == (True, 3, 2.0, 0.0)
    await limiter.hit("k", 4, 8.0, cost=3)
    refused = await limiter.hit("k", 4, 8.0)
    assert not refused.allowed
    assert refused.remaining == 0
    assert 1.5 < refused.retry_after <= 2.0
    assert 7.5 < refused.reset_after <= 8.0


async def test_it_refills_and_leaves_nothing_behind(redis: Redis) -> None:
    limiter = RateLimiter(redis)
    assert [(await limiter.hit("k", 2, 0.2)).allowed for _ in range(3)] == [True, True, False]
    await asyncio.sleep(0.25)
    assert (await limiter.hit("k", 2, 0.2)).allowed
    await asyncio.sleep(0.25)
    assert await redis.keys() == []


async def test_the_script_comes_back_after_a_flush(redis: Redis) -> None:
    limiter = RateLimiter(redis)
    await limiter.hit("k", 2, 60.0)
    await redis.script_flush()
    assert (await limiter.hit("k", 2, 60.0)).remaining == 0


async def test_a_redis_that_hangs_costs_one_timeout_a_second() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with tempfile.TemporaryDirectory(prefix="vw-") as name:
        server = await asyncio.start_unix_server(silent, f"{name}/s")
        client = Redis(unix_socket_path=f"{name}/s", socket_timeout=1, retry=Retry(NoBackoff(), 0))
        limiter = RateLimiter(client)
        before, began = fallbacks(), time.monotonic()
        decisions = [await limiter.hit("k", 3, 60.0) for _ in range(50)]
        assert time.monotonic() - began < 0.5
        assert fallbacks() - before == 50
        assert sum(decision.allowed for decision in decisions) == 3
        await asyncio.sleep(1.0)
        began = time.monotonic()
        await asyncio.gather(*(limiter.hit("k", 3, 60.0) for _ in range(50)))
        assert time.monotonic() - began < 0.5
        await client.aclose()
        server.close()


async def test_it_goes_back_to_redis(servers: Embedded, redis: Redis) -> None:
    limiter = RateLimiter(redis)
    assert (await limiter.hit("k", 5, 3600.0)).remaining == 4
    await asyncio.to_thread(servers.valkey.stop)
    before = fallbacks()
    assert (await limiter.hit("k", 5, 3600.0)).remaining == 3, "it goes on from what Redis said"
    await asyncio.to_thread(servers.valkey.start)
    assert fallbacks() == before + 1
    await asyncio.sleep(1.05)
    assert (await limiter.hit("k", 5, 3600.0)).remaining == 2, "the restarted Redis is told"
    assert fallbacks() == before + 1


async def test_a_redis_that_is_late_now_and_then_lets_no_more_than_the_limit_through(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it decides too late it has counted all the same; one of two such calls may count twice."""
    monkeypatch.setattr(ratelimit, "_TIMEOUT_SECONDS", 0.03)
    monkeypatch.setattr(ratelimit, "_PAUSE_SECONDS", 0.02)
    limiter = RateLimiter(redis)
    before, allowed = fallbacks(), 0
    for number in range(30):
        if number % 3 == 1:
            await redis.client_pause(60)
        allowed += (await limiter.hit("k", 12, 3600.0)).allowed
        await asyncio.sleep(0.03)
    assert fallbacks() - before >= 5
    assert 6 <= allowed <= 12


async def test_what_was_counted_without_redis_is_told_to_it_also_by_a_refusal(
    servers: Embedded, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "_PAUSE_SECONDS", 0.05)
    limiter, other = RateLimiter(redis), RateLimiter(redis)
    await limiter.hit("k", 3, 3600.0)
    await asyncio.to_thread(servers.valkey.stop)
    assert [(await limiter.hit("k", 3, 3600.0)).allowed for _ in range(3)] == [True, True, False]
    await asyncio.to_thread(servers.valkey.start)
    await asyncio.sleep(0.1)
    assert not (await limiter.hit("k", 3, 3600.0)).allowed
    assert not (await other.hit("k", 3, 3600.0)).allowed


async def test_who_is_patient_waits_for_redis(redis: Redis) -> None:
    limiter, before = RateLimiter(redis), fallbacks()
    await redis.client_pause(300)
    assert (await limiter.hit("k", 3, 3600.0)).remaining == 2
    assert fallbacks() == before + 1
    assert (await limiter.hit("k", 3, 3600.0, patient=True)).remaining == 1, "also while it is taken to be away"
    assert fallbacks() == before + 1


async def test_what_is_charged_afterwards_is_owed_and_is_no_more_than_the_limit_again(redis: Redis) -> None:
    limiter = RateLimiter(redis)
    await limiter.charge("k", 4, 8.0, 3)
    assert (await limiter.hit("k", 4, 8.0, 0)).remaining == 1
    await limiter.charge("k", 4, 8.0, 1_000)
    assert 9.5 < (await limiter.hit("k", 4, 8.0)).retry_after <= 10.0
