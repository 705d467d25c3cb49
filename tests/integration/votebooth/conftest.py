"""What VoteBooth's tests share."""

import pytest
from redis.asyncio import Redis


@pytest.fixture(autouse=True)
async def _limits_begin_anew(request: pytest.FixtureRequest) -> None:
    """Forget what was exported and counted: together the tests have more of it than one address may in a minute."""
    if "votewave" not in request.fixturenames:
        return
    async with Redis.from_url(request.getfixturevalue("votewave").redis_url) as redis:
        for kind in ("count", "export"):
            async for key in redis.scan_iter(f"votewave:limit:{kind}*"):
                await redis.delete(key)
