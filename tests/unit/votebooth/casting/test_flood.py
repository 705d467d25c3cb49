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


async def submitted(booth: Booth, key: bytes, caster: bytes | None) -> int:
    """Submit a ballot; return the status of its refusal, 0 if it waits."""
    ticket: Any = SimpleNamespace(key=key, caster=caster, future=asyncio.get_running_loop().create_future())
    task = asyncio.create_task(booth.submit(ticket))
    await asyncio.sleep(0)
    if not task.done():
        task.cancel()
        return 0
    with pytest.raises(Problem) as caught:
        await task
    return caught.value.status


async def test_ballots_of_a_network_count_against_the_guest_who_sends_them(booth: Booth) -> None:
    neighbour = [await submitted(booth, b"network", b"neighbour") for _ in range(201)]
    assert neighbour == [0] * 200 + [429]
    assert await submitted(booth, b"network", b"voter") == 0


async def test_elsewhere_they_count_against_the_voter(booth: Booth) -> None:
    assert [await submitted(booth, b"ada", None) for _ in range(201)] == [0] * 200 + [429]
    assert await submitted(booth, b"bo", None) == 0


async def test_ballots_that_rules_refuse_count_against_who_sends_them(booth: Booth) -> None:
    ada, bo = (SimpleNamespace(subject=SimpleNamespace(id=uuid4())) for _ in range(2))
    claims: Any = [ada, bo]
    for _ in range(200):
        booth.count_refused(claims[0])
    with pytest.raises(Problem) as caught:
        booth.count_refused(claims[0])
    assert caught.value.status == 429
    booth.count_refused(claims[1])
