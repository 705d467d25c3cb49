"""Whoever asks for polls that there are not has Polls asked so often, and no more."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.core.problems import Problem
from services.core.redis.rate_limit import LocalLimiter
from services.votebooth.poll.projection import Projection

from ..booth_world import a_poll, a_user
from ..voting import booth_kit


async def test_polls_is_asked_fifty_times_a_second_for_polls_that_nobody_has_heard_of(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    known = UUID(await a_poll(client, await a_user(client)))
    await client.get(f"/v1/votebooth/polls/{known}/salt")
    kit = booth_kit(votewave)
    projection = Projection(kit)
    projection._strange = LocalLimiter(lambda: 0)  # a second that lasts as long as the test

    async def ask() -> int:
        try:
            await projection.rules(uuid4())
        except Problem as problem:
            return problem.status
        return 200

    try:
        statuses = [status for _ in range(9) for status in await asyncio.gather(*(ask() for _ in range(8)))]
        assert Counter(statuses) == {404: 50, 503: 22}
        assert (await projection.rules(known)).poll_id == known
    finally:
        await kit.db.close()
        await kit.shared.close()
