"""Private accounts: who wants to follow asks, and only followers see who follows."""

import asyncio

import httpx
import msgspec
import pytest
from services.follows.events import ProfileChanged
from tests.conftest import VoteWave, eventually

from .conftest import Person, follows_of, kind_of, recounted, sign_up, told


@pytest.fixture
async def private(client: httpx.AsyncClient) -> Person:
    person = await sign_up(client)
    await person.make(private=True)
    return person


async def test_a_request_waits_until_it_is_accepted(ada: Person, private: Person, votewave: VoteWave) -> None:
    assert (await ada.follow(private)).json()["i_follow"] == "requested"
    assert (await ada.follow(private)).json()["i_follow"] == "requested"
    assert (await ada.counts(), await private.counts()) == ({"requests_sent": 1}, {"requests": 1})
    assert await private.listed("/requests") == [ada.account]
    assert await ada.listed("/requests/sent") == [private.account]
    assert await ada.listed(f"/people/{ada.account}/following") == []
    for _ in range(2):
        accepted = await private.call("PUT", f"/requests/{ada.account}")
        assert (accepted.status_code, accepted.json()["follows_me"]) == (200, "accepted")
    assert (await ada.counts(), await private.counts()) == ({"following": 1}, {"followers": 1})
    assert await private.listed("/requests") == []
    events = await told(votewave, "follows.follow.changed", [ada])
    assert [(event["state"], event["version"]) for event in events] == [("requested", 1), ("accepted", 2)]


async def test_a_request_can_be_declined_or_withdrawn(ada: Person, ben: Person, private: Person) -> None:
    await ada.follow(private)
    await ben.follow(private)
    for _ in range(2):
        assert (await private.call("DELETE", f"/requests/{ada.account}")).status_code == 204
    assert (await ben.unfollow(private)).status_code == 204
    assert (await ada.relation(private))["i_follow"] == "none"
    assert (await ada.counts(), await ben.counts(), await private.counts()) == ({}, {}, {})
    assert (await private.call("PUT", f"/requests/{ada.account}")).status_code == 404


async def test_declining_touches_no_follower(ada: Person, ben: Person) -> None:
    await ada.follow(ben)
    await ben.call("DELETE", f"/requests/{ada.account}")
    assert await ben.counts() == {"followers": 1}


async def test_only_followers_see_who_follows_a_private_account(ada: Person, ben: Person, private: Person) -> None:
    await ada.follow(private)
    for which in ("followers", "following"):
        path = f"/people/{private.account}/{which}"
        assert kind_of(await ada.call("GET", path)) == (403, "private-account")
    await private.call("PUT", f"/requests/{ada.account}")
    assert await ada.listed(f"/people/{private.account}/followers") == [ada.account]
    assert await private.listed(f"/people/{private.account}/followers") == [ada.account]
    assert kind_of(await ben.call("GET", f"/people/{private.account}/followers")) == (403, "private-account")


async def test_who_follows_already_stays_when_an_account_becomes_private(ada: Person, ben: Person) -> None:
    await ada.follow(ben)
    await ben.make(private=True)
    assert (await ada.relation(ben))["i_follow"] == "accepted"


async def test_an_account_that_becomes_public_accepts_who_waits(
    ada: Person, ben: Person, private: Person, votewave: VoteWave
) -> None:
    await ada.follow(private)
    await ben.follow(private)
    await private.edit(private=False)

    async def accepted() -> bool:
        return await private.counts() == {"followers": 2}

    await eventually(accepted)
    assert (await ada.counts(), await ben.counts()) == ({"following": 1}, {"following": 1})
    events = await told(votewave, "follows.follow.changed", [ben])
    assert [event["state"] for event in events] == ["requested", "accepted"]


async def test_no_request_is_left_behind_by_becoming_public_meanwhile(
    client: httpx.AsyncClient, private: Person, votewave: VoteWave
) -> None:
    people = [await sign_up(client) for _ in range(6)]
    await asyncio.gather(private.edit(private=False), *(each.follow(private) for each in people))

    async def accepted() -> bool:
        return await private.counts() == {"followers": len(people)}

    await eventually(accepted)
    for each in people:
        assert await each.counts() == await recounted(votewave, each) == {"following": 1}


async def test_late_and_doubled_events_of_a_profile_do_nothing(
    ada: Person, private: Person, votewave: VoteWave
) -> None:
    await ada.follow(private)
    [row] = await votewave.sql("SELECT version, handle FROM follows.person WHERE id = $1", private.account)
    event = {"account": private.account, "handle": row["handle"], "display_name": ""}
    late = {**event, "version": row["version"] - 1, "private": False}
    doubled = {**event, "version": row["version"], "private": False}
    async with follows_of(votewave) as follows:
        for each in (late, doubled):
            async with follows.kit.db.transaction() as session:
                await follows.on_profile_changed(session, msgspec.convert(each, ProfileChanged))
    assert (await ada.relation(private))["i_follow"] == "requested"
    assert (await private.relation(private))["private"] is True
