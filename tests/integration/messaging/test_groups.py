"""Groups: who is in them, as what, and what they read."""

import asyncio

from tests.conftest import VoteWave
from tests.integration.follows.conftest import NOBODY

from .conftest import Writer, follow, recounted, writer


async def roles(one: Writer, conversation: str) -> dict[str, str]:
    """Return who is in a group, and as what."""
    members = (await one.done("GET", f"/conversations/{conversation}"))["members"]
    return {member["person"]["id"]: member["role"] for member in members}


async def test_a_group_asks_those_who_don_t_follow_its_owner(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    await follow(votewave, ben, ada)
    body = {"title": "Lunch", "members": [ben.account, cleo.account, cleo.account]}
    answers = [await ada.at("POST", "/groups", json=body, headers={"idempotency-key": "g"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    conversation = answers[0].json()["conversation"]["id"]
    other = {"title": "Supper", "members": []}
    assert await ada.refused("POST", "/groups", json=other, headers={"idempotency-key": "g"}) == (
        "409 idempotency-key-used"
    )
    states = {one["person"]["id"]: one["state"] for one in answers[0].json()["members"]}
    assert states == {ada.account: "active", ben.account: "active", cleo.account: "requested"}
    await ada.say(conversation, "Who's hungry?")
    assert [item["id"] for item in (await cleo.done("GET", "/conversations/requests"))["items"]] == [conversation]
    await cleo.say(conversation, "Me!")  # whoever writes has accepted
    assert [item["id"] for item in (await cleo.done("GET", "/conversations"))["items"]] == [conversation]
    await recounted(votewave, conversation)


async def test_who_is_removed_reads_nothing_any_more_and_who_comes_back_nothing_of_meanwhile(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    group = await ada.group(ben)
    before = await ada.say(group, "before")
    seq = (await ben.card(group))["seq"]
    await ada.done("DELETE", f"/groups/{group}/members/{ben.account}")
    meanwhile = await ada.say(group, "secret meanwhile")
    await ada.done("PATCH", f"/messages/{before['id']}", json={"text": "secret edited"})
    for path in (
        f"/conversations/{group}",
        f"/conversations/{group}/messages",
        f"/conversations/{group}/changes?after={seq}",
        f"/messages/{before['id']}",
        f"/messages/{before['id']}/history",
        f"/messages/{meanwhile['id']}",
    ):
        assert await ben.refused("GET", path) == "404 not-found", path
    assert (await ben.done("GET", "/messages?q=secret"))["items"] == []
    assert (await ben.done("GET", "/conversations"))["items"] == []
    assert await ben.done("GET", "/mine/unread") == {"conversations": 0, "messages": 0, "requests": 0}
    new = {"client_id": "x", "text": "Let me in!"}
    assert await ben.refused("POST", f"/conversations/{group}/messages", json=new) == "404 not-found"
    assert await ben.refused("PUT", f"/messages/{before['id']}/reaction", json={"emoji": "👎"}) == "404 not-found"

    await ada.done("PUT", f"/groups/{group}/members/{ben.account}", json={})
    await ben.done("PUT", f"/conversations/{group}/request", json={"accept": True})
    answer = await ada.say(group, "welcome back", reply_to=meanwhile["id"])
    await ada.done("PATCH", f"/messages/{before['id']}", json={"text": "secret again"})
    assert await ben.texts(group) == ["welcome back"]
    assert (await ben.card(group))["unread"] == 1
    caught_up = await ben.after(group, 0)
    assert [message["text"] for message in caught_up["reset"]["messages"]] == ["welcome back"]
    later = await ben.after(group, answer["seq"])
    assert (later["changes"], later["seq"]) == ([], answer["seq"] + 1)
    assert await ben.refused("GET", f"/messages/{meanwhile['id']}") == "404 not-found"
    body = {"client_id": "y", "text": "What?", "reply_to": meanwhile["id"]}
    assert await ben.refused("POST", f"/conversations/{group}/messages", json=body) == "404 not-found"
    await recounted(votewave, group)


async def test_each_role_does_what_it_may(ada: Writer, ben: Writer, cleo: Writer) -> None:
    group = await ada.group(ben, cleo)
    path = f"/groups/{group}"
    dora = await writer(ada.http)
    assert await ben.refused("PATCH", path, json={"title": "Ours"}) == "403 forbidden"
    assert await ben.refused("PUT", f"{path}/members/{dora.account}", json={}) == "403 forbidden"
    assert await ben.refused("DELETE", f"{path}/members/{cleo.account}") == "403 forbidden"
    assert await ben.refused("PUT", f"{path}/members/{ben.account}", json={"role": "owner"}) == "403 forbidden"
    await ada.done("PUT", f"{path}/members/{ben.account}", json={"role": "admin"})
    assert (await ben.done("PATCH", path, json={"title": "Ours"}))["conversation"]["title"] == "Ours"
    await ben.done("PUT", f"{path}/members/{dora.account}", json={})
    assert await ben.refused("PUT", f"{path}/members/{cleo.account}", json={"role": "admin"}) == "403 forbidden"
    assert await ben.refused("DELETE", f"{path}/members/{ada.account}") == "403 forbidden"
    assert await ada.refused("PUT", f"{path}/members/{dora.account}", json={"role": "admin"}) == "409 not-accepted"
    assert await ada.refused("PUT", f"{path}/members/{ada.account}", json={"role": "member"}) == "409 sole-owner"
    assert await ada.refused("PUT", f"{path}/members/{NOBODY}", json={}) == "422 group-refused"
    text = await cleo.say(group, "Something rude.")
    other = await ben.say(group, "Tut.")
    assert await cleo.refused("DELETE", f"/messages/{other['id']}") == "403 not-the-owner"
    await ben.done("DELETE", f"/messages/{text['id']}")
    assert await dora.refused("PATCH", path, json={"title": "Mine"}) == "403 forbidden"
    await ada.done("PUT", f"{path}/members/{cleo.account}", json={"role": "owner"})
    assert await roles(ada, group) == {
        ada.account: "admin",
        ben.account: "admin",
        cleo.account: "owner",
        dora.account: "member",
    }
    direct = (await ada.to(ben))["conversation"]
    assert await ada.refused("PATCH", f"/groups/{direct}", json={"title": "Two"}) == "409 not-a-group"
    assert await ada.refused("DELETE", f"/groups/{direct}/members/{ben.account}") == "409 not-a-group"


async def test_an_owner_who_leaves_hands_the_group_on(ada: Writer, ben: Writer, cleo: Writer) -> None:
    group = await ada.group(ben, cleo)
    path = f"/groups/{group}/members"
    await ada.done("PUT", f"{path}/{cleo.account}", json={"role": "admin"})
    await ada.done("DELETE", f"{path}/{ada.account}")
    assert await ada.refused("DELETE", f"{path}/{ada.account}") == "404 not-found"  # they aren't in it any more
    assert await roles(ben, group) == {ben.account: "member", cleo.account: "owner"}
    await cleo.done("DELETE", f"{path}/{cleo.account}")
    assert await roles(ben, group) == {ben.account: "owner"}
    await ben.done("PUT", f"{path}/{ada.account}", json={})
    await ben.done("DELETE", f"{path}/{ben.account}")
    assert await roles(ada, group) == {ada.account: "member"}
    await ada.done("PUT", f"/conversations/{group}/request", json={"accept": True})
    assert await roles(ada, group) == {ada.account: "owner"}


async def test_a_full_group_takes_nobody_however_many_come_at_once(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    group = await ada.group()
    await votewave.sql(
        "INSERT INTO messaging.member (conversation, account, role, state, since, read, latest) "
        "SELECT $1, gen_random_uuid(), 'member', 'active', 0, 0, gen_random_uuid() FROM generate_series(1, 97)",
        group,
    )
    others = [await writer(ada.http) for _ in range(4)]
    answers = await asyncio.gather(
        *(ada.at("PUT", f"/groups/{group}/members/{one.account}", json={}) for one in others)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 422, 422]
    [row] = await votewave.sql("SELECT count(*) FROM messaging.member WHERE conversation = $1", group)
    assert row["count"] == 100
    body = {"title": "All", "members": [NOBODY] * 100}
    assert await ada.refused("POST", "/groups", json=body) == "422 group-refused"
    assert await ada.refused("POST", "/groups", json={"title": "\u200b", "members": []}) == "422 group-refused"


async def test_leaving_and_sending_at_once_leaves_one_owner_and_exact_counts(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    group = await ada.group(ben, cleo)
    calls = []
    for number in range(8):
        calls += [
            one.at("POST", f"/conversations/{group}/messages", json={"client_id": str(number), "text": "x"})
            for one in (ada, ben, cleo)
        ]
    calls += [ada.at("DELETE", f"/groups/{group}/members/{ada.account}")]
    calls += [cleo.at("PUT", f"/conversations/{group}/read", json={"seq": seq}) for seq in (5, 9, 30)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} <= {201, 204, 404}
    assert list((await roles(ben, group)).values()).count("owner") == 1
    await recounted(votewave, group)
