"""A recount holds some ballots at a time, and the process that takes votes adds none of many up itself."""

import tracemalloc
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.core.kit import Kit
from services.votebooth.recount import compare
from services.votebooth.recount.compare import recount, repair
from services.votebooth.settings import VoteBoothSettings

from ..booth_world import a_user
from ..large_polls import a_large_poll
from ..voting import booth_kit

BALLOTS = 2_000


@pytest.fixture
async def kit(votewave: Any) -> AsyncIterator[Kit[VoteBoothSettings]]:
    """VoteBooth's kit, on the database of the running VoteWave."""
    made = booth_kit(votewave)
    yield made
    await made.db.close()
    await made.shared.close()


@pytest.mark.parametrize("method", ["score", "star", "irv"])
async def test_a_recount_takes_the_memory_of_some_ballots_however_many_there_are(
    client: httpx.AsyncClient, votewave: Any, kit: Kit[VoteBoothSettings], method: str
) -> None:
    poll = UUID(await a_large_poll(client, votewave, await a_user(client), method, BALLOTS))
    tracemalloc.start()
    try:
        found = await recount(kit, poll)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found.ballots, found.differences) == (BALLOTS, [])
    assert peak < 12_000_000, f"{peak:,} bytes at a time"  # of 8 MB of choices; 100 MB and more before


async def test_counters_of_a_large_poll_are_written_anew(
    client: httpx.AsyncClient, votewave: Any, kit: Kit[VoteBoothSettings]
) -> None:
    poll = UUID(await a_large_poll(client, votewave, await a_user(client), "star", 300))
    before = await votewave.sql("SELECT choice, count FROM votebooth.patterns WHERE poll_id = $1 ORDER BY 1", poll)
    await votewave.sql("UPDATE votebooth.patterns SET count = 2 WHERE poll_id = $1", poll)
    await votewave.sql("UPDATE votebooth.counters SET sums[7] = 1, abstentions = 3 WHERE poll_id = $1", poll)
    said = (await recount(kit, poll)).differences
    assert [each.partition(":")[0] for each in said] == ["abstentions", "option 7", "300 patterns differ"]
    assert (await repair(kit, poll)).differences == said
    assert (await recount(kit, poll)).differences == []
    after = await votewave.sql("SELECT choice, count FROM votebooth.patterns WHERE poll_id = $1 ORDER BY 1", poll)
    assert after == before


async def test_many_ballots_are_added_up_by_another_process(
    client: httpx.AsyncClient, votewave: Any, kit: Kit[VoteBoothSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[int] = []
    real = compare.add_up
    poll = UUID(await a_large_poll(client, votewave, await a_user(client), "score", 50))

    def counted(given: bytes) -> bytes:
        here.append(len(given))
        return real(given)

    counted.__module__, counted.__qualname__ = real.__module__, real.__qualname__
    monkeypatch.setattr(compare, "add_up", counted)
    assert (await recount(kit, poll)).differences == []
    assert here == []
    monkeypatch.setattr(compare, "_FEW_BYTES", 10**9)
    assert (await recount(kit, poll)).differences == []
    assert len(here) == 1
