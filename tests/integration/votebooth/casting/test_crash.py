"""A server that is killed at any moment loses no acknowledged ballot, counts none twice, and needs no help."""

import asyncio
import random
import secrets

import aiohttp
import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..voting import Instance, Poll, guests, poll, recount, secret

KILLS = 20
VOTERS = 16
SENDERS = 64
"""Guests whose requests they are: one may send twenty a second."""


class Crowd:
    """Voters who vote one after the other, each until the answer says that the ballot is counted."""

    def __init__(self, booth: Instance, voted: Poll, voters: list[dict[str, str]], tokens: list[str]) -> None:
        self.booth = booth
        self.path = f"{voted.path}/ballot"
        self.voters = voters
        self.left = tokens
        self.acknowledged: dict[str, str] = {}
        self.unsure: set[str] = set()
        self.stop = False

    async def vote(self) -> None:
        """Be one voter after the other, until told to stop."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            while not self.stop and self.left:
                await self._be(session, self.left.pop())

    async def under_load(self) -> None:
        """Return when the server has acknowledged some more ballots."""
        seen = len(self.acknowledged)

        async def more() -> bool:
            return len(self.acknowledged) > seen + VOTERS

        await eventually(more, 20)

    async def _be(self, session: aiohttp.ClientSession, token: str) -> None:
        headers = {**self.voters[len(self.left) % len(self.voters)], "Ballot-Token": token}
        while True:
            try:
                async with session.put(
                    self.booth.url + self.path, headers=headers, json={"picks": [1 + len(self.acknowledged) % 3]}
                ) as answer:
                    if answer.status in {200, 201}:
                        self.acknowledged[token] = (await answer.json())["receipt"]
                        return
                    assert answer.status == 503, await answer.text()
            except (aiohttp.ClientError, TimeoutError):
                self.unsure.add(token)  # maybe stored, maybe not: ask again
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_twenty_kills_under_load_lose_no_acknowledged_ballot(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    made = await client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": 10_000})
    dice = random.Random(20)
    booth = Instance(votewave)
    await booth.start()
    crowd = Crowd(booth, voted, await guests(client, SENDERS), made.json()["tokens"])
    voters = [asyncio.create_task(crowd.vote()) for _ in range(VOTERS)]
    for _ in range(KILLS):
        await crowd.under_load()
        await asyncio.sleep(dice.uniform(0, 0.15))
        booth.kill()
        await booth.start()
    crowd.stop = True
    await asyncio.gather(*voters)
    assert booth.stop() == 0
    assert crowd.unsure, "no request was under way at any kill"
    stored = await votewave.sql("SELECT receipt FROM votebooth.ballots WHERE poll_id = $1", voted.id)
    receipts = [row["receipt"].hex() for row in stored]
    assert len(receipts) == len(set(receipts))
    assert sorted(receipts) == sorted(crowd.acknowledged.values())
    assert await recount(votewave, voted.id) == (len(crowd.acknowledged), [])


async def test_anonymous_ballots_survive_a_kill_and_a_repeated_request_is_recognised(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, method="irv", rules={"anonymous": True, "eligibility": "tokens"})
    made = await client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": 200})
    senders = await guests(client, 4)
    booth = Instance(votewave)
    await booth.start()
    codes: list[int] = []

    async def be(token: str) -> None:
        body = {"ranking": [secrets.choice([1, 2]), 3], "secret": secret()}
        async with httpx.AsyncClient(timeout=20) as own:
            while True:
                try:
                    answer = await own.put(
                        f"{booth.url}{voted.path}/ballot",
                        headers={**secrets.choice(senders), "Ballot-Token": token},
                        json=body,
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code != 503:
                    codes.append(answer.status_code)
                    return

    voters = [asyncio.create_task(be(token)) for token in made.json()["tokens"]]
    for _ in range(3):
        await asyncio.sleep(0.25)
        booth.kill()
        await booth.start()
    await asyncio.gather(*voters)
    assert booth.stop() == 0
    assert set(codes) <= {200, 201}
    assert await recount(votewave, voted.id) == (200, [])


async def test_a_server_that_is_asked_to_stop_answers_what_it_has_accepted(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    made = await client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": 2_000})
    booth = Instance(votewave)
    await booth.start()
    crowd = Crowd(booth, voted, await guests(client, SENDERS), made.json()["tokens"])
    voters = [asyncio.create_task(crowd.vote()) for _ in range(VOTERS)]
    await crowd.under_load()
    crowd.stop = True
    assert await asyncio.to_thread(booth.stop) == 0
    await asyncio.wait(voters, timeout=2)
    for task in voters:
        task.cancel()
    ballots, differences = await recount(votewave, voted.id)
    assert differences == []
    assert len(crowd.acknowledged) > VOTERS
    assert ballots >= len(crowd.acknowledged)


@pytest.mark.slow
async def test_the_whole_of_votewave_killed_comes_back_by_itself(own_votewave: VoteWave) -> None:
    own_votewave.start()
    async with httpx.AsyncClient(base_url=own_votewave.url, timeout=20) as client:
        voted = await poll(client, rules={"eligibility": "tokens"})
        made = await client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": 5_000})
        voters = await guests(client, SENDERS)
    here = Instance(own_votewave)
    here.url = own_votewave.url
    crowd = Crowd(here, voted, voters, made.json()["tokens"])
    voting = [asyncio.create_task(crowd.vote()) for _ in range(VOTERS)]
    for _ in range(2):
        await crowd.under_load()
        own_votewave.kill()
        await asyncio.to_thread(own_votewave.restart)
    crowd.stop = True
    await asyncio.gather(*voting)
    assert await recount(own_votewave, voted.id) == (len(crowd.acknowledged), [])
