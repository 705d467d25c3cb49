from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.core.kit import Kit, Shared
from services.core.settings import CoreSettings
from services.votebooth.recount.periodic import PeriodicRecount
from services.votebooth.settings import VoteBoothSettings

from ..booth_world import a_poll, a_user, cast_many, close


@pytest.fixture
async def recounts(votewave: Any) -> AsyncIterator[PeriodicRecount]:
    """The periodic recount, on the database of the running VoteWave."""
    core = CoreSettings(
        database_url=votewave.admin_dsn.replace("postgres@", ""),
        redis_url=votewave.redis_url,
        secrets=f"file://{votewave.data_dir}/secrets.json",
    )
    shared = Shared(core)
    kit: Kit[VoteBoothSettings] = Kit("votebooth", VoteBoothSettings(), shared)
    yield PeriodicRecount(kit)
    await kit.db.close()
    await shared.close()


async def differed(votewave: Any, poll: str) -> list[Any]:
    query = "SELECT act, actor, details FROM votebooth.audit_log WHERE poll_id = $1"
    return [tuple(row) for row in await votewave.sql(query, UUID(poll))]


async def test_counters_that_contradict_the_ballots_are_found_and_put_on_record(
    client: httpx.AsyncClient, votewave: Any, recounts: PeriodicRecount
) -> None:
    owner = await a_user(client)
    right = [await a_poll(client, owner, "irv", rules={"anonymous": anonymous}) for anonymous in (False, True)]
    wrong = await a_poll(client, owner)
    for poll, ballot in ((right[0], {"ranking": [1]}), (right[1], {"ranking": [2]}), (wrong, {"picks": [1]})):
        await cast_many(client, poll, [ballot] * 3)
        await close(client, poll, owner)
    await votewave.sql("UPDATE votebooth.counters SET sums = '{4}' WHERE poll_id = $1", UUID(wrong))
    for _ in range(200):
        await recounts.check_one()
        if await differed(votewave, wrong):
            break
    assert (await differed(votewave, wrong))[0] == ("recount.differed", None, '{"differences": 1}')
    for poll in right:
        assert await differed(votewave, poll) == []
