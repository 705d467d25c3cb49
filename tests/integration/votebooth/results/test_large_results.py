"""A large poll is counted by a process of its own: whoever made it large keeps nobody else waiting."""

import asyncio
import os
import signal
from typing import Any

import httpx
import pytest
from tests.conftest import eventually

from ..booth_world import a_guest, a_poll, a_user, cast, cast_many, results, shown
from ..exchange.test_export import children
from ..large_polls import a_large_poll


async def test_while_a_large_poll_is_counted_others_vote_and_see_results(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    owner = await a_user(client)
    large = await a_large_poll(client, votewave, owner, "star", 300)
    small = await a_poll(client, owner, "irv")
    asked = asyncio.create_task(results(client, large))

    async def counter() -> list[tuple[int, int]]:
        return children(votewave.pid, "results.body")

    [(pid, nice)] = await eventually(counter)
    os.kill(pid, signal.SIGSTOP)  # a count that takes as long as we like
    try:
        assert nice == 19
        for _ in range(3):
            await asyncio.wait_for(cast(client, small, await a_guest(client), {"ranking": [1]}), 20)
        assert (await asyncio.wait_for(shown(client, small), 20))["ballots"] == 3
        assert not asked.done()
    finally:
        os.kill(pid, signal.SIGCONT)
    answer = await asked
    assert answer.status_code == 200, answer.text
    assert answer.json()["ballots"] == 300


@pytest.mark.parametrize("minimum", [0, 2])
@pytest.mark.parametrize("method", ["star", "irv", "schulze"])
async def test_it_comes_to_the_same_result(client: httpx.AsyncClient, method: str, minimum: int) -> None:
    """With as many options as it takes for a process of its own, of which only three are marked, and with three."""
    owner = await a_user(client)
    # Nothing is level, which two polls would settle by lots of their own.
    rankings: list[list[int]] = [[1, 2], [1], [3], [2, 3], [3, 1], [3]]
    marks: list[dict[str, Any]] = [{"ranking": ranking} for ranking in rankings]
    if method == "star":
        marks = [{"scores": {"1": 5, "2": 3}}, {"scores": {"3": 1}}, {"scores": {"2": 2}}, {"scores": {"3": 5}}]
    found = []
    for options in (3, 70):
        labels = ("Ada", "Bo", "Cy", *(f"Option {number}" for number in range(3, options)))
        poll = await a_poll(client, owner, method, options=labels, rules={"minimum": minimum, "anonymous": minimum > 0})
        await cast_many(client, poll, marks)
        result = await shown(client, poll)
        found.append((result["winners"], result["ballots"], [option["sum"] for option in result["options"]][:3]))
    assert found[0] == found[1]
