"""Who sends too many ballots is told so; a neighbour of the same network, or anybody else, isn't."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from services.core.problems import Problem
from services.votebooth.casting.booth import Booth
from services.votebooth.settings import VoteBoothSettings


@pytest.fixture
def booth() -> Booth:
    """A booth that isn't open: what is submitted waits in its queue."""
    kit: Any = SimpleNamespace(settings=VoteBoothSettings())
    none: Any = None
    return Booth(kit, none, none)


def claim() -> Any:
    return SimpleNamespace(subject=SimpleNamespace(id=uuid4()))


async def submitted(
    booth: Booth, sender: Any, key: bytes, caster: bytes | None = None, *, poll: bytes = b"poll", size: int = 20
) -> int:
    """Submit a ballot; return the status of its refusal, 0 if it waits."""
    ticket: Any = SimpleNamespace(
        claim=sender,
        key=key,
        caster=caster,
        rules=SimpleNamespace(poll=poll),
        choice=SimpleNamespace(encoded=b"x" * size),
        future=asyncio.get_running_loop().create_future(),
    )
    task = asyncio.create_task(booth.submit(ticket))
    await asyncio.sleep(0)
    if not task.done():
        task.cancel()
        return 0
    with pytest.raises(Problem) as caught:
        await task
    return caught.value.status


async def test_ballots_of_a_network_count_against_the_guest_who_sends_them(booth: Booth) -> None:
    neighbour, voter = claim(), claim()
    assert [await submitted(booth, neighbour, b"network", b"neighbour") for _ in range(201)] == [0] * 200 + [429]
    assert await submitted(booth, voter, b"network", b"voter") == 0


async def test_elsewhere_they_count_against_the_voter(booth: Booth) -> None:
    ada, bo = claim(), claim()
    assert [await submitted(booth, ada, b"ada") for _ in range(201)] == [0] * 200 + [429]
    assert await submitted(booth, bo, b"bo") == 0


async def test_ballots_with_many_voting_tokens_count_against_the_one_who_sends_them(booth: Booth) -> None:
    owner, voter = claim(), claim()
    assert [await submitted(booth, owner, b"token %d" % n) for n in range(201)] == [0] * 200 + [429]
    assert await submitted(booth, voter, b"token 1000") == 0


async def test_large_ballots_count_as_several(booth: Booth) -> None:
    sender = claim()
    statuses = [await submitted(booth, sender, b"ada", size=6_000) for _ in range(20)]
    assert statuses.count(0) == 8
    assert statuses[8:] == [429] * 12


async def test_ballots_that_rules_refuse_count_against_who_sends_them(booth: Booth) -> None:
    ada, bo = claim(), claim()
    for _ in range(200):
        booth.count_refused(ada)
    with pytest.raises(Problem) as caught:
        booth.count_refused(ada)
    assert caught.value.status == 429
    booth.count_refused(bo)


async def test_a_poll_that_has_filled_its_part_of_the_queue_leaves_room_for_others(booth: Booth) -> None:
    crowd = [await submitted(booth, claim(), b"%d" % n, poll=b"large") for n in range(5_000)]
    assert crowd == [0] * 4_000 + [503] * 1_000
    assert [await submitted(booth, claim(), b"%d" % n, poll=b"small") for n in range(100)] == [0] * 100
