"""A process that is a user at Redis, with a password that is a secret and changes."""

import asyncio
import secrets as random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import exceptions
from redis.asyncio import Redis
from redis.credentials import CredentialProvider
from services.core.aws.secrets import FileSecrets
from services.core.redis.broadcast import Broadcast
from services.core.redis.client import REDIS_SECRET, client, login, warn_of_eviction
from structlog.testing import capture_logs
from tests.conftest import VoteWave, free_port


@pytest.fixture
async def user(votewave: VoteWave) -> AsyncIterator[tuple[str, Redis]]:
    name = f"services-{random.token_hex(4)}"
    admin: Redis = Redis.from_url(votewave.redis_url)
    yield name, admin
    await admin.acl_deluser(name)
    await admin.aclose()


async def test_a_new_password_is_used_with_the_next_connection(
    votewave: VoteWave, user: tuple[str, Redis], tmp_path: Path
) -> None:
    name, admin = user
    store = FileSecrets(tmp_path / "secrets.json")
    store.ensure(REDIS_SECRET, lambda: "first")
    await admin.acl_setuser(name, enabled=True, passwords=["+first"], keys=["*"], channels=["*"], commands=["+@all"])
    redis: Redis = Redis.from_url(votewave.redis_url, credential_provider=login(name, store))
    assert await redis.acl_whoami() == name

    # As in a rotation: both are good, then only the new one.
    await admin.acl_setuser(name, enabled=True, passwords=["+second"], keys=["*"], channels=["*"], commands=["+@all"])
    store.rotate(REDIS_SECRET, lambda: "second")
    assert await redis.ping()  # a connection that is open stays
    await admin.acl_setuser(name, enabled=True, passwords=["-first"], keys=["*"], channels=["*"], commands=["+@all"])
    await redis.connection_pool.disconnect()
    assert await redis.acl_whoami() == name
    await redis.aclose()

    refused: Redis = Redis.from_url(votewave.redis_url, username=name, password="first")
    with pytest.raises(exceptions.ConnectionError, match="invalid username-password"):
        await refused.ping()
    await refused.aclose()


async def test_who_gives_up_while_it_logs_in_leaves_no_connection_that_may_do_nothing(
    votewave: VoteWave, user: tuple[str, Redis]
) -> None:
    name, admin = user
    await admin.acl_setuser(name, enabled=True, passwords=["+first"], keys=["*"], channels=["*"], commands=["+@all"])

    class Slow(CredentialProvider):
        """Has the password in time for the second who asks."""

        asked = 0

        async def get_credentials_async(self) -> tuple[str, str]:
            self.asked += 1
            await asyncio.sleep(30 if self.asked == 1 else 0)
            return name, "first"

    port = free_port()
    await admin.config_set("bind", "127.0.0.1", "port", port)  # by a socket file redis-py logs in elsewhere
    redis = client(f"redis://127.0.0.1:{port}", Slow(), 2)
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await redis.ping()
        assert await redis.acl_whoami() == name
    finally:
        await redis.aclose()
        await admin.config_set("port", 0)


async def test_without_a_password_redis_is_away_like_any_other_time(votewave: VoteWave, tmp_path: Path) -> None:
    redis: Redis = Redis.from_url(
        votewave.redis_url, credential_provider=login("nobody", FileSecrets(tmp_path / "none.json"))
    )
    with pytest.raises(exceptions.ConnectionError, match=REDIS_SECRET):
        await redis.ping()
    await redis.aclose()


def test_no_user_leaves_it_to_the_address(tmp_path: Path) -> None:
    assert login("", FileSecrets(tmp_path / "none.json")) is None


async def test_what_is_live_is_that_user_too(votewave: VoteWave, user: tuple[str, Redis], tmp_path: Path) -> None:
    name, admin = user
    store = FileSecrets(tmp_path / "secrets.json")
    store.ensure(REDIS_SECRET, lambda: "first")
    await admin.acl_setuser(name, enabled=True, passwords=["+first"], keys=["*"], channels=["*"], commands=["+@all"])
    broadcast = Broadcast(votewave.redis_url, login(name, store))
    assert await broadcast._redis.acl_whoami() == name
    await broadcast.close()


async def test_a_process_says_so_if_its_redis_may_evict_what_security_rests_on(votewave: VoteWave) -> None:
    redis: Redis = Redis.from_url(votewave.redis_url)
    try:
        with capture_logs() as said:
            await warn_of_eviction(redis)
            assert said == []
            await redis.config_set("maxmemory-policy", "volatile-lru")
            await warn_of_eviction(redis)
        assert [(line["event"], line["policy"]) for line in said] == [("redis_evicts", "volatile-lru")]
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")
        await redis.aclose()
