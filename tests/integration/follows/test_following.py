"""Following people: once each, never oneself, with exact counts, lists that hold still, and limits."""

import asyncio
import random

import httpx
import pytest
from services.follows.service.apart import MOST_BLOCKED, MOST_MUTED
from services.follows.service.following import MOST_FOLLOWED, MOST_WAITING
from tests.conftest import VoteWave

from .conftest import NOBODY, Person, kind_of, recounted, sign_up, told

CHANGED = "follows.follow.changed"


async def test_following_is_done_once_however_often_it_is_asked_for(
    ada: Person, ben: Person, votewave: VoteWave
) -> None:
    first, again = await ada.follow(ben), await ada.follow(ben)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (first.json()["i_follow"], first.json()["follows_me"], first.json()["followers"]) == ("accepted", "none", 1)
    assert (await ben.relation(ada))["follows_me"] == "accepted"
    assert (await ada.counts(), await ben.counts()) == ({"following": 1}, {"followers": 1})
    for _ in range(2):
        assert (await ada.unfollow(ben)).status_code == 204
    assert (await ada.counts(), await ben.counts()) == ({}, {})
    events = await told(votewave, CHANGED, [ada])
    assert [(event["state"], event["version"]) for event in events] == [("accepted", 1), ("ended", 2)]


async def test_a_follower_can_be_removed_and_may_come_back(ada: Person, ben: Person) -> None:
    await ada.follow(ben)
    for _ in range(2):
        assert (await ben.call("DELETE", f"/followers/{ada.account}")).status_code == 204
    assert (await ada.relation(ben))["i_follow"] == "none"
    assert (await ada.follow(ben)).json()["i_follow"] == "accepted"


async def test_lists_name_people_the_newest_first(ada: Person, ben: Person, cleo: Person) -> None:
    await ben.edit(display_name="Ben")
    await ben.follow(ada)
    await cleo.follow(ada)
    await ada.follow(ben)
    assert await cleo.listed(f"/people/{ada.account}/followers") == [cleo.account, ben.account]
    assert await cleo.listed(f"/people/{ada.account}/following") == [ben.account]
    assert await ada.listed("/mutuals") == [ben.account]
    assert await cleo.listed("/mutuals") == []
    [entry] = (await cleo.call("GET", f"/people/{ada.account}/following")).json()["items"]
    assert sorted(entry["person"]) == ["avatar", "deleted", "display_name", "handle", "id"]
    assert entry["person"]["handle"].startswith("voter-")


async def test_pages_neither_repeat_nor_skip_while_others_come(client: httpx.AsyncClient, ada: Person) -> None:
    path = f"/people/{ada.account}/followers"
    followers = [await sign_up(client) for _ in range(5)]
    for each in followers[:4]:
        await each.follow(ada)
    first = (await ada.call("GET", f"{path}?limit=2")).json()
    await followers[4].follow(ada)
    second = (await ada.call("GET", f"{path}?limit=2&cursor={first['next']}")).json()
    seen = [item["person"]["id"] for item in first["items"] + second["items"]]
    assert seen == [each.account for each in reversed(followers[:4])]
    assert second["next"] is None
    assert (await ada.call("GET", f"/mutuals?cursor={first['next']}")).status_code == 400


@pytest.mark.parametrize("path", ["people", "blocks", "mutes"])
async def test_oneself_and_nobody_are_refused(ada: Person, path: str) -> None:
    assert kind_of(await ada.call("PUT", f"/{path}/{ada.account}")) == (422, "not-oneself")
    assert kind_of(await ada.call("PUT", f"/{path}/{NOBODY}")) == (404, "not-found")
    assert (await ada.call("DELETE", f"/{path}/{NOBODY}")).status_code == 204
    assert (await ada.call("PUT", f"/{path}/x")).status_code == 404


async def test_asking_for_nobody_leaves_no_trace(ada: Person, votewave: VoteWave) -> None:
    for path in (f"/people/{NOBODY}", f"/people/{NOBODY}/followers"):
        assert (await ada.call("GET", path)).status_code == 404
    for path in (f"/people/{NOBODY}", f"/blocks/{NOBODY}", f"/mutes/{NOBODY}"):
        await ada.call("PUT", path)
        await ada.call("DELETE", path)
    for table, column in (("profiles.profile", "account_id"), ("follows.account", "id"), ("follows.person", "id")):
        assert await votewave.sql(f"SELECT 1 FROM {table} WHERE {column} = $1", NOBODY) == []


async def test_a_guest_is_nobody_to_follow_and_follows_nobody(ada: Person, guest: Person) -> None:
    assert (await ada.follow(guest)).status_code == 404
    for method, path in [
        ("PUT", f"/people/{ada.account}"),
        ("GET", f"/people/{ada.account}"),
        ("PUT", f"/blocks/{ada.account}"),
        ("DELETE", f"/mutes/{ada.account}"),
        ("GET", f"/people/{ada.account}/followers"),
        ("GET", "/me"),
    ]:
        answer = await guest.call(method, path)
        assert answer.status_code == 403, path
        assert "Guests" in answer.json()["detail"]


async def test_a_deleted_account_is_nobody(ada: Person, ben: Person, votewave: VoteWave) -> None:
    await ada.relation(ben)
    await votewave.sql("UPDATE follows.person SET deleted = true, version = 1000000 WHERE id = $1", ben.account)
    for method, path in [
        ("GET", f"/people/{ben.account}"),
        ("PUT", f"/people/{ben.account}"),
        ("PUT", f"/blocks/{ben.account}"),
        ("GET", f"/people/{ben.account}/followers"),
    ]:
        assert kind_of(await ada.call(method, path)) == (404, "not-found")


async def test_two_who_follow_each_other_at_once_dont_wait_for_each_other(ada: Person, ben: Person) -> None:
    for _ in range(12):
        answers = await asyncio.gather(ada.follow(ben), ben.follow(ada))
        assert [answer.status_code for answer in answers] == [200, 200]
        answers = await asyncio.gather(ada.unfollow(ben), ben.unfollow(ada))
        assert [answer.status_code for answer in answers] == [204, 204]
    assert (await ada.counts(), await ben.counts()) == ({}, {})


async def test_counts_are_exact_when_everybody_does_everything_at_once(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    people = [await sign_up(client) for _ in range(4)]
    await people[0].edit(private=True)
    dice = random.Random(7)

    async def act(person: Person) -> None:
        for _ in range(25):
            other = dice.choice([each for each in people if each is not person]).account
            method, path = dice.choice(
                [
                    ("PUT", f"/people/{other}"),
                    ("PUT", f"/people/{other}"),
                    ("DELETE", f"/people/{other}"),
                    ("DELETE", f"/followers/{other}"),
                    ("PUT", f"/requests/{other}"),
                    ("DELETE", f"/requests/{other}"),
                    ("PUT", f"/blocks/{other}"),
                    ("DELETE", f"/blocks/{other}"),
                    ("DELETE", f"/blocks/{other}"),
                    ("PUT", f"/mutes/{other}"),
                    ("DELETE", f"/mutes/{other}"),
                ]
            )
            answer = await person.call(method, path)
            assert answer.status_code in {200, 204, 404, 409}, (method, path, answer.text)

    await asyncio.gather(*(act(person) for person in people), *(act(person) for person in people))
    for person in people:
        assert await person.counts() == await recounted(votewave, person)
    apart = await votewave.sql(
        "SELECT 1 FROM follows.follow f JOIN follows.block b"
        " ON (b.account, b.other) IN ((f.follower, f.followee), (f.followee, f.follower))"
    )
    assert apart == []


async def test_ten_thousand_follows_a_minute_are_refused_with_a_clear_word(ada: Person, ben: Person) -> None:
    answers = await asyncio.gather(*(ada.unfollow(ben) for _ in range(300)))
    refused = [answer for answer in answers if answer.status_code != 204]
    assert len(answers) - len(refused) >= 120
    assert kind_of(refused[0]) == (429, "too-many-requests")
    assert int(refused[0].headers["retry-after"]) >= 1
    assert (await ben.follow(ada)).status_code == 200  # each account has its own


@pytest.mark.parametrize(
    ("column", "full", "path"),
    [
        ("following", MOST_FOLLOWED, "people"),
        ("requests_sent", MOST_FOLLOWED, "people"),
        ("blocks", MOST_BLOCKED, "blocks"),
        ("mutes", MOST_MUTED, "mutes"),
    ],
)
async def test_one_account_has_so_many_and_no_more(
    ada: Person, ben: Person, cleo: Person, votewave: VoteWave, column: str, full: int, path: str
) -> None:
    await ada.call("PUT", f"/{path}/{cleo.account}")
    rest = full - 1 if column != "requests_sent" else full - 2
    update = f"UPDATE follows.account SET {column} = {column} + $2 WHERE id = $1"
    await votewave.sql(update, ada.account, rest - 1)
    assert (await ada.call("PUT", f"/{path}/{ben.account}")).status_code in {200, 204}
    await ada.call("DELETE", f"/{path}/{ben.account}")
    await votewave.sql(update, ada.account, 1)
    if column == "requests_sent":
        await votewave.sql(update, ada.account, 1)
    assert kind_of(await ada.call("PUT", f"/{path}/{ben.account}")) == (429, "over-quota")
    assert (await ada.call("PUT", f"/{path}/{cleo.account}")).status_code in {200, 204}  # which is there already


async def test_so_many_requests_wait_at_one_account_and_no_more(ada: Person, ben: Person, votewave: VoteWave) -> None:
    await ben.make(private=True)
    await ada.follow(ben)
    await ada.unfollow(ben)
    await votewave.sql("UPDATE follows.account SET requests = $2 WHERE id = $1", ben.account, MOST_WAITING)
    assert kind_of(await ada.follow(ben)) == (429, "over-quota")
    await votewave.sql("UPDATE follows.account SET requests = $2 WHERE id = $1", ben.account, MOST_WAITING - 1)
    assert (await ada.follow(ben)).json()["i_follow"] == "requested"


async def test_an_api_key_needs_the_scope(client: httpx.AsyncClient, ada: Person, ben: Person) -> None:
    await ben.follow(ada)
    made = await client.post("/v1/auth/keys", json={"name": "k", "scopes": ["polls:write"]}, headers=ada.headers)
    assert made.status_code == 201, made.text
    exchanged = await client.post("/v1/auth/tokens", json={"api_key": made.json()["api_key"]})
    assert exchanged.status_code in {200, 201}, exchanged.text
    ada.headers = {"authorization": f"Bearer {exchanged.json()['access_token']}"}
    assert (await ada.relation(ben))["follows_me"] == "accepted"
    assert (await ada.follow(ben)).status_code == 403
