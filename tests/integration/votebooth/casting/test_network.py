"""Polls by network: one ballot a network, and it is the guest's who cast it."""

import asyncio

import httpx
import pytest
from tests.conftest import VoteWave

from ..booth_world import heard, socket
from ..voting import guests, poll, recount, secret


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rsplit("/")[-1])


@pytest.mark.parametrize("anonymous", [False, True], ids=["named", "anonymous"])
async def test_neighbours_neither_see_nor_change_nor_withdraw_a_network_s_ballot(
    client: httpx.AsyncClient, votewave: VoteWave, anonymous: bool
) -> None:
    voted = await poll(client, rules={"strength": "network", "anonymous": anonymous})
    voter, neighbour = await guests(client, 2)
    own = {"secret": secret()} if anonymous else {}
    cast = await voted.put(voter, {"picks": [1]}, **own)
    assert cast.status_code == 201
    for tried in ({"picks": [1]}, {"picks": [2]}):
        refused = await voted.put(neighbour, tried, **own)
        assert (refused.status_code, slug(refused)) == (409, "network-voted")
        assert cast.json()["receipt"] not in refused.text
    assert (await voted.mine(neighbour, **own)).status_code == 404
    assert (await voted.withdraw(neighbour, **own)).status_code == 404
    mine = await voted.mine(voter, **own)
    assert mine.json()["ballot"] == {"picks": [1]}
    assert (await voted.put(voter, {"picks": [3]}, **own)).status_code == 200
    assert await recount(votewave, voted.id) == (1, [])
    assert (await voted.withdraw(voter, **own)).status_code == 204
    assert (await voted.put(neighbour, {"picks": [2]}, **own)).status_code == 201
    assert (await voted.mine(voter, **own)).status_code == 404
    assert await recount(votewave, voted.id) == (1, [])


async def test_a_neighbour_s_vote_doesn_t_open_the_results(client: httpx.AsyncClient) -> None:
    voted = await poll(client, rules={"strength": "network", "results": "after_vote"})
    voter, neighbour = await guests(client, 2)
    assert (await voted.put(voter, {"picks": [1]})).status_code == 201
    results = f"{voted.path}/results"
    assert (await client.get(results, headers=voter)).status_code == 200
    assert (await client.get(results, headers=neighbour)).status_code == 403
    for who, kind in ((voter, "snapshot"), (neighbour, "hidden")):
        async with socket(client, voted.id, who) as connection:
            assert (await heard(connection))["type"] == kind


@pytest.mark.parametrize("anonymous", [False, True], ids=["named", "anonymous"])
async def test_guests_who_race_to_cast_and_withdraw_leave_one_ballot_and_its_owner(
    client: httpx.AsyncClient, votewave: VoteWave, anonymous: bool
) -> None:
    voted = await poll(client, rules={"strength": "network", "anonymous": anonymous})
    voters = await guests(client, 6)
    own = [{"secret": secret()} if anonymous else {} for _ in voters]

    async def keep_on(n: int) -> None:
        for _ in range(12):
            cast = await voted.put(voters[n], {"picks": [n % 3 + 1]}, **own[n])
            assert cast.status_code in {200, 201, 409}, cast.text
            if cast.status_code != 409:
                assert (await voted.withdraw(voters[n], **own[n])).status_code == 204

    await asyncio.gather(*(keep_on(n) for n in range(len(voters))))
    assert await recount(votewave, voted.id) == (0, [])
    assert (await voted.put(voters[0], {"picks": [1]}, **own[0])).status_code == 201
    seen = [(await voted.mine(voter)).status_code for voter in voters]
    assert seen == [200] + [404] * 5
    table = "participations" if anonymous else "ballots"
    rows = await votewave.sql(f"SELECT caster FROM votebooth.{table} WHERE poll_id = $1", voted.id)
    assert [len(row["caster"]) for row in rows] == [16]


async def test_a_token_s_ballot_is_its_holder_s_from_wherever(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "tokens", "strength": "network"})
    made = await client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": 2})
    first, second = made.json()["tokens"]
    voter, other = await guests(client, 2)
    assert (await voted.put(voter, {"picks": [1]}, token=first)).status_code == 201
    assert (await voted.put(other, {"picks": [2]}, token=first)).status_code == 200
    assert (await voted.put(voter, {"picks": [1]}, token=second)).status_code == 201
    assert await recount(votewave, voted.id) == (2, [])
