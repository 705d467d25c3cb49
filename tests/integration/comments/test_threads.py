"""Threads: comments and answers at every depth, in three orders, with exact counts."""

import asyncio
import random
from uuid import UUID, uuid4

import httpx
import pytest
from services.comments.schemas import MAX_DEPTH, MAX_TEXT
from tests.conftest import VoteWave
from tests.integration.follows.conftest import NOBODY, kind_of
from tests.integration.inside import statements_of

from .conftest import Speaker, comments_of, recounted, speaker


async def test_a_comment_is_read_by_everybody_and_its_author_named(
    client: httpx.AsyncClient, ben: Speaker, thread: str
) -> None:
    await ben.edit(display_name="Ben")
    comment = await ben.say(thread, "  Soup, please.\r\n ")
    answer = await client.get(f"/v1/comments/threads/{thread}/comments")
    [item] = answer.json()["items"]
    assert item["comment"]["text"] == "Soup, please."
    assert item["comment"]["author"]["id"] == ben.account
    assert (item["comment"]["depth"], item["comment"]["parent"], item["comment"]["supported"]) == (1, None, False)
    about = (await client.get(f"/v1/comments/threads/{thread}")).json()
    assert (about["comments"], about["may_comment"], about["may_moderate"]) == (1, False, False)
    assert (await client.get(f"/v1/comments/{comment}")).json()["above"] == []


async def test_a_poll_that_was_published_this_moment_can_be_commented_on(ada: Speaker) -> None:
    # Without the event, which comes later: Polls is asked.
    await asyncio.gather(*[ada.say(await ada.poll()) for _ in range(3)])


async def test_drafts_guests_and_nobodys_polls_have_no_comments(ada: Speaker, guest: Speaker, thread: str) -> None:
    body = {"text": "Hello"}
    assert kind_of(await guest.at("POST", f"/threads/{thread}/comments", json=body)) == (403, "guest-refused")
    assert kind_of(await ada.at("POST", f"/threads/{NOBODY}/comments", json=body)) == (404, "not-found")
    draft = await ada.poll(publish=False)
    assert kind_of(await ada.at("POST", f"/threads/{draft}/comments", json=body)) == (404, "not-found")
    assert (await ada.at("GET", f"/threads/{NOBODY}")).status_code == 404


async def test_a_deleted_poll_takes_its_comments_along(ada: Speaker, ben: Speaker, thread: str) -> None:
    comment = await ben.say(thread)
    assert (await ada.http.delete(f"/v1/polls/{thread}", headers=ada.headers)).status_code in {200, 202, 204}
    for _ in range(50):
        if (await ben.at("GET", f"/{comment}")).status_code == 404:
            break
        await asyncio.sleep(0.1)
    assert (await ben.at("GET", f"/{comment}")).status_code == 404
    assert (await ben.at("GET", f"/threads/{thread}/comments")).status_code == 404
    assert (await ben.at("POST", f"/threads/{thread}/comments", json={"text": "x"})).status_code == 404
    assert [one["id"] for one in (await ben.done("GET", "/mine"))["items"]] == [comment], "it is still mine to delete"


async def test_each_order_pages_without_repeats_or_gaps(ada: Speaker, ben: Speaker, thread: str) -> None:
    made = [await ben.say(thread, str(number)) for number in range(5)]
    for index in (1, 3):
        await ada.done("PUT", f"/{made[index]}/support")
    for sort, expected in (("newest", "43210"), ("oldest", "01234"), ("supported", "31420")):
        path, texts, cursor = f"/threads/{thread}/comments?limit=2&sort={sort}", "", None
        while True:
            page = await ada.done("GET", path + (f"&cursor={cursor}" if cursor else ""))
            texts += "".join(item["comment"]["text"] for item in page["items"])
            cursor = page["next"]
            if cursor is None:
                break
        assert texts == expected, sort
    first = await ada.done("GET", f"/threads/{thread}/comments?limit=2&sort=newest")
    other = f"/threads/{thread}/comments?sort=oldest&cursor={first['next']}"
    assert kind_of(await ada.at("GET", other)) == (400, "bad-cursor")


async def test_answers_page_at_every_depth_and_the_best_come_along(
    ada: Speaker, ben: Speaker, cleo: Speaker, thread: str
) -> None:
    top = await ben.say(thread, "top")
    answers = [await cleo.say(thread, f"answer {number}", top) for number in range(5)]
    await ben.done("PUT", f"/{answers[2]}/support")
    deep = await ben.say(thread, "deep", answers[2])
    [item] = (await ada.done("GET", f"/threads/{thread}/comments"))["items"]
    assert item["comment"]["replies"] == 5
    assert [reply["text"] for reply in item["best_replies"]] == ["answer 2", "answer 4", "answer 3"]
    page = await ada.done("GET", f"/{top}/replies?limit=3")
    assert [one["comment"]["text"] for one in page["items"]] == ["answer 0", "answer 1", "answer 2"]
    assert [one["text"] for one in page["items"][2]["best_replies"]] == ["deep"]
    assert await ada.listed(f"/{top}/replies?limit=3&cursor={page['next']}") == ["answer 3", "answer 4"]
    context = await ada.done("GET", f"/{deep}")
    assert [one["text"] for one in context["above"]] == ["top", "answer 2"]
    assert context["comment"]["depth"] == 3


async def test_threads_end_at_some_depth(ben: Speaker, cleo: Speaker, thread: str) -> None:
    parent = None
    for depth in range(MAX_DEPTH):  # in turns, for either says so much in a minute at most
        parent = await (ben if depth % 2 else cleo).say(thread, "deeper", parent)
    answer = await ben.at("POST", f"/threads/{thread}/comments", json={"text": "x", "parent": parent})
    assert kind_of(answer) == (422, "too-deep")
    assert len((await ben.done("GET", f"/{parent}"))["above"]) == MAX_DEPTH - 1


async def test_a_parent_in_another_thread_is_none(ada: Speaker, ben: Speaker, thread: str) -> None:
    other = await ben.say(await ada.poll())
    for parent in (other, NOBODY):
        answer = await ben.at("POST", f"/threads/{thread}/comments", json={"text": "x", "parent": parent})
        assert kind_of(answer) == (404, "not-found")


@pytest.mark.parametrize("text", ["", " \u200b\u2060 ", "x" * (MAX_TEXT + 1), "a\0b"])
async def test_texts_that_say_nothing_or_too_much_are_refused(ben: Speaker, thread: str, text: str) -> None:
    answer = await ben.at("POST", f"/threads/{thread}/comments", json={"text": text})
    assert kind_of(answer) == (422, "comment-refused")
    assert [error["field"] for error in answer.json()["errors"]] == ["text"]
    large = await ben.at("POST", f"/threads/{thread}/comments", json={"text": "x" * 1_000_000})
    assert large.status_code == 413


async def test_a_request_that_is_sent_again_adds_one_comment(ben: Speaker, ada: Speaker, thread: str) -> None:
    path, headers = f"/threads/{thread}/comments", {"idempotency-key": uuid4().hex}
    answers = await asyncio.gather(*[ben.at("POST", path, json={"text": "Once."}, headers=headers) for _ in range(5)])
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["comment"]["id"] for answer in answers}) == 1
    other = await ben.at("POST", path, json={"text": "Twice."}, headers=headers)
    assert kind_of(other) == (409, "idempotency-key-used")
    elsewhere = await ben.at("POST", f"/threads/{await ada.poll()}/comments", json={"text": "Once."}, headers=headers)
    assert kind_of(elsewhere) == (409, "idempotency-key-used")
    assert (await ada.at("POST", path, json={"text": "Mine."}, headers=headers)).status_code == 201
    bad = await ben.at("POST", path, json={"text": "x"}, headers={"idempotency-key": "two words"})
    assert bad.status_code == 400


async def test_counts_are_exact_when_many_comment_and_support_at_once(
    client: httpx.AsyncClient, votewave: VoteWave, ben: Speaker, thread: str
) -> None:
    top = await ben.say(thread)
    people = [await speaker(client) for _ in range(6)]

    async def act(person: Speaker) -> None:
        await person.say(thread, "answer", top)
        for _ in range(3):
            assert (await person.at("PUT", f"/{top}/support")).status_code == 200

    await asyncio.gather(*[act(person) for person in people for _ in range(2)])
    assert ((await ben.read(top))["support"], (await ben.read(top))["replies"]) == (6, 12)
    await asyncio.gather(*[person.done("DELETE", f"/{top}/support") for person in people[:2] for _ in range(2)])
    assert (await ben.read(top))["support"] == 4
    assert (await people[3].read(top))["supported"] is True
    assert (await people[0].read(top))["supported"] is False
    await recounted(votewave, thread)


async def test_ones_own_comment_cant_be_supported(ben: Speaker, guest: Speaker, thread: str) -> None:
    comment = await ben.say(thread)
    assert kind_of(await ben.at("PUT", f"/{comment}/support")) == (422, "own-comment")
    assert kind_of(await guest.at("PUT", f"/{comment}/support")) == (403, "guest-refused")
    assert kind_of(await ben.at("PUT", f"/{NOBODY}/support")) == (404, "not-found")


async def test_whatever_is_deleted_hidden_and_restored_counts_agree(
    votewave: VoteWave, ada: Speaker, ben: Speaker, thread: str
) -> None:
    chance = random.Random(7)
    made = [await ben.say(thread, "top") for _ in range(2)]
    for _ in range(10):
        made.append(await ben.say(thread, "answer", chance.choice(made)))
    states = dict.fromkeys(made, "shown")
    for _ in range(40):
        comment = chance.choice(made)
        act = chance.choice(["hide", "restore", "restore", "delete"])
        if act == "hide":
            answer = await ada.at("PUT", f"/{comment}/hidden", json={"reason": "test"})
            assert answer.status_code == (409 if states[comment] == "deleted" else 200)
            states[comment] = "hidden" if states[comment] == "shown" else states[comment]
        elif act == "restore":
            await ada.done("DELETE", f"/{comment}/hidden")
            states[comment] = "shown" if states[comment] == "hidden" else states[comment]
        elif chance.random() < 0.3:
            await ben.done("DELETE", f"/{comment}")
            states[comment] = "deleted"
        await recounted(votewave, thread)
        stored = await votewave.sql("SELECT id, state FROM comments.comment WHERE thread = $1", thread)
        assert {str(row["id"]): row["state"] for row in stored} == states, act
    shown = sum(state == "shown" for state in states.values())
    assert (await ada.done("GET", f"/threads/{thread}"))["comments"] == shown


async def test_a_page_takes_as_many_statements_whatever_is_on_it(
    votewave: VoteWave, ben: Speaker, cleo: Speaker, thread: str
) -> None:
    async with comments_of(votewave) as comments:

        async def taken() -> int:
            with statements_of(comments.kit.db.engine) as statements:
                await comments.reading.top(None, UUID(thread), "newest", None, 50)
            return len([one for one in statements if one.lstrip().startswith(("SELECT", "WITH"))])

        top = await ben.say(thread, "one")
        await cleo.say(thread, "answer", top)
        one = await taken()
        for _ in range(5):
            await cleo.say(thread, "answer", await ben.say(thread, "more"))
        assert await taken() == one


async def test_many_threads_are_counted_in_one_request(ada: Speaker, ben: Speaker, thread: str) -> None:
    other = await ada.poll()
    await ben.say(thread)
    await ben.say(thread)
    await ben.say(other)
    counts = await ben.done("POST", "/threads/batch", json={"ids": [thread, other, NOBODY]})
    assert {one["id"]: one["comments"] for one in counts} == {thread: 2, other: 1}
    many = await ben.at("POST", "/threads/batch", json={"ids": [str(uuid4()) for _ in range(101)]})
    assert many.status_code == 422
