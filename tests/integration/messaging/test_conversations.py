"""Conversations of two: one a pair, requests from strangers, blocks."""

import asyncio
from uuid import UUID

import httpx
import pytest
from services.core.problems import Problem
from services.messaging.schemas import MessageNew
from tests.conftest import VoteWave
from tests.integration.follows.conftest import NOBODY

from .conftest import Writer, block, follow, messaging_of, recounted, subject_of, writer


async def test_a_stranger_s_first_message_waits_until_it_is_accepted(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    first = await ada.to(ben, "May I ask you something?")
    conversation = first["conversation"]
    assert (await ada.card(conversation))["waiting"] is True
    assert await ada.refused("POST", f"/people/{ben.account}/messages", json={"client_id": "2", "text": "Hello?"}) == (
        "409 request-pending"
    )
    [request] = (await ben.done("GET", "/conversations/requests"))["items"]
    assert (request["id"], request["state"], request["unread"]) == (conversation, "requested", 1)
    assert request["last"]["text"] == "May I ask you something?"
    assert (await ben.done("GET", "/conversations"))["items"] == []
    assert await ben.done("GET", "/mine/unread") == {"conversations": 0, "messages": 0, "requests": 1}

    await ben.done("PUT", f"/conversations/{conversation}/read", json={"seq": first["seq"]})
    detail = await ada.done("GET", f"/conversations/{conversation}")
    assert [(one["state"], one["read"]) for one in detail["members"]] == [("active", None), ("requested", None)]

    await ben.done("PUT", f"/conversations/{conversation}/request", json={"accept": True})
    await ada.to(ben, "Thank you.")
    assert await ben.texts(conversation) == ["May I ask you something?", "Thank you."]
    assert [item["id"] for item in (await ben.done("GET", "/conversations"))["items"]] == [conversation]
    assert (await ada.card(conversation))["waiting"] is False
    await recounted(votewave, conversation)


async def test_who_is_declined_isn_t_told_and_who_declined_may_write_later(ada: Writer, ben: Writer) -> None:
    conversation = (await ada.to(ben))["conversation"]
    before = await ada.done("GET", f"/conversations/{conversation}")
    await ben.done("PUT", f"/conversations/{conversation}/request", json={"accept": False})
    assert await ada.done("GET", f"/conversations/{conversation}") == before
    again = {"client_id": "again", "text": "Hello?"}
    assert await ada.refused("POST", f"/conversations/{conversation}/messages", json=again) == "409 request-pending"
    assert await ada.refused("POST", f"/people/{ben.account}/messages", json=again) == "409 request-pending"
    assert await ben.refused("GET", f"/conversations/{conversation}") == "404 not-found"
    assert (await ben.done("GET", "/conversations/requests"))["items"] == []

    assert (await ben.to(ada, "Now I have time."))["conversation"] == conversation
    await ada.to(ben, "Fine!")
    assert await ben.texts(conversation) == ["Hello.", "Now I have time.", "Fine!"]


async def test_who_is_followed_writes_at_once(votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer) -> None:
    await follow(votewave, ben, ada)
    await ada.to(ben)
    await ada.to(ben)
    assert [item["unread"] for item in (await ben.done("GET", "/conversations"))["items"]] == [2]
    await cleo.to(ben)
    await follow(votewave, ben, cleo)  # the request that waits is accepted with the next message
    await cleo.to(ben)
    assert await ben.done("GET", "/mine/unread") == {"conversations": 2, "messages": 4, "requests": 0}


async def test_two_who_write_to_each_other_at_once_have_one_conversation(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    await follow(votewave, ben, ada)
    await follow(votewave, ada, ben)
    sent = await asyncio.gather(*(one.to(two) for one, two in [(ada, ben), (ben, ada)] * 10))
    [conversation] = {message["conversation"] for message in sent}
    assert sorted(message["seq"] for message in sent) == sorted({message["seq"] for message in sent})
    for one, other in ((ada, ben), (ben, ada)):
        page = await one.done("GET", f"/conversations/{conversation}/messages?limit=100")
        assert len(page["items"]) == 20
        assert (await one.card(conversation))["unread"] == 10
        assert (await one.done("GET", f"/people/{other.account}/conversation"))["conversation"]["id"] == conversation
    await recounted(votewave, conversation)


async def test_who_is_apart_writes_edits_and_reacts_no_more(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    conversation = (await ada.to(ben))["conversation"]
    answer = await ben.say(conversation)
    mine = await ada.to(ben)
    await block(votewave, ben, ada)
    new = {"client_id": "x", "text": "Why?"}
    for one, other, own in ((ada, ben, mine), (ben, ada, answer)):
        for method, path, body in (
            ("POST", f"/people/{other.account}/messages", new),
            ("POST", f"/conversations/{conversation}/messages", new),
            ("PATCH", f"/messages/{own['id']}", {"text": "Why?"}),
            ("PUT", f"/messages/{answer['id']}/reaction", {"emoji": "👎"}),
        ):
            assert await one.refused(method, path, json=body) == "409 not-reachable", (method, path)
    await ada.done("PUT", f"/conversations/{conversation}/read", json={"seq": 99})
    assert (await ada.card(conversation))["unread"] == 0
    members = (await ben.done("GET", f"/conversations/{conversation}"))["members"]
    assert [one["read"] for one in members] == [None, None]  # nor do they learn what the other has read
    await ada.done("DELETE", f"/messages/{mine['id']}")
    # In a group of both, each says what they want; but nobody is put into one with whom they are apart.
    group = await cleo.group(ada, ben)
    await ada.say(group, "Hello all.")
    assert await ben.texts(group) == ["Hello all."]
    body = {"title": "Two", "members": [ben.account]}
    assert await ada.refused("POST", "/groups", json=body) == "422 group-refused"


async def test_nobody_writes_to_themselves_or_to_nobody(ada: Writer, client: httpx.AsyncClient) -> None:
    new = {"client_id": "1", "text": "Hello?"}
    assert await ada.refused("POST", f"/people/{ada.account}/messages", json=new) == "422 not-oneself"
    assert await ada.refused("POST", f"/people/{NOBODY}/messages", json=new) == "404 not-found"
    assert await ada.refused("GET", f"/people/{NOBODY}/conversation") == "404 not-found"
    guest = Writer(client, (await client.post("/v1/auth/guests")).json())
    assert await guest.refused("POST", f"/people/{ada.account}/messages", json=new) == "403 guest-refused"


async def test_as_many_requests_wait_as_one_account_may_have(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    await ada.to(ben)
    new = MessageNew(client_id="1", text="Hello?")
    async with messaging_of(votewave, requests_per_account=1) as messaging:
        stranger = await writer(ada.http)
        with pytest.raises(Problem, match="wait to be accepted"):
            await messaging.sending.to_person(subject_of(ada), UUID(stranger.account), new)
