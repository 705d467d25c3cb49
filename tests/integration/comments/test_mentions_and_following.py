"""Comments that name somebody, and threads that somebody follows."""

import json
from typing import Any
from uuid import UUID

import pytest
from services.comments.schemas import MAX_MENTIONS, CommentNew
from services.core.problems import Problem
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of
from tests.integration.notifications.conftest import subject

from .conftest import Speaker, comments_of


async def named(ada: Speaker) -> str:
    """Give somebody a handle of their own that Comments knows; return it."""
    handle = f"h{UUID(ada.account).hex[-12:]}"
    await ada.edit(handle=handle)

    async def known() -> bool:
        poll = await ada.poll()
        comment = await ada.say(poll, f"@{handle}")
        return (await ada.read(comment))["parts"][0]["type"] == "mention"

    await eventually(known)
    return handle


def parts(comment: dict[str, Any]) -> list[tuple[str, str]]:
    return [(part["type"], part.get("person", {}).get("id", part["text"])) for part in comment["parts"]]


async def told(votewave: VoteWave, comment: str) -> list[list[str]]:
    """Return whom each version of a comment names, as it is told."""
    rows = await votewave.sql(
        "SELECT payload FROM comments.outbox WHERE kind = 'comments.comment.changed' ORDER BY position"
    )
    events = [json.loads(row["payload"]) for row in rows]
    return [event["mentions"] for event in events if event["comment"] == comment]


async def test_a_comment_names_people_as_long_as_it_says_so(
    votewave: VoteWave, ada: Speaker, ben: Speaker, thread: str
) -> None:
    handle = await named(ada)
    comment = await ben.say(thread, f"@{handle.upper()} and @nobody_at_all, see https://example.org #soup")
    assert parts(await ben.read(comment)) == [
        ("mention", ada.account),
        ("text", " and @nobody_at_all, see "),
        ("link", "https://example.org"),
        ("text", " "),
        ("tag", "#soup"),
    ]
    await ada.edit(handle=f"{handle}x")  # the link stays, whatever the person is called by now
    assert parts(await ben.read(comment))[0] == ("mention", ada.account)
    await ben.done("PATCH", f"/{comment}", json={"text": "Nobody."})
    assert parts(await ben.read(comment)) == [("text", "Nobody.")]
    await ben.done("DELETE", f"/{comment}")
    assert await told(votewave, comment) == [[ada.account], [], []]


async def test_who_is_apart_from_the_author_isnt_named(ada: Speaker, ben: Speaker, cleo: Speaker) -> None:
    thread = await cleo.poll()
    handle = await named(ada)
    await ada.block(ben)

    async def plain() -> bool:
        return parts(await ben.read(await ben.say(thread, f"Hello @{handle}")))[-1][0] == "text"

    await eventually(plain)
    assert parts(await cleo.read(await cleo.say(thread, f"@{handle}"))) == [("mention", ada.account)]


async def test_what_cant_be_read_has_no_parts(ada: Speaker, ben: Speaker, cleo: Speaker, thread: str) -> None:
    handle = await named(ada)
    comment = await ben.say(thread, f"@{handle}")
    await cleo.say(thread, "answer", comment)
    await ada.done("PUT", f"/{comment}/hidden", json={"reason": "test"})
    assert (await cleo.read(comment))["parts"] == []
    assert parts(await ben.read(comment)) == [("mention", ada.account)]


async def test_a_comment_names_so_many_at_most(ada: Speaker, thread: str) -> None:
    text = " ".join(f"@somebody{number}" for number in range(MAX_MENTIONS))
    await ada.say(thread, text)
    refused = await ada.at("POST", f"/threads/{thread}/comments", json={"text": f"{text} @onemore"})
    assert kind_of(refused) == (422, "comment-refused")
    assert refused.json()["errors"][0]["field"] == "text"


async def follows(person: Speaker, thread: str) -> bool:
    return bool((await person.done("GET", f"/threads/{thread}"))["following"])


async def test_owners_and_who_comments_follow_until_they_leave(ada: Speaker, ben: Speaker, thread: str) -> None:
    assert await follows(ada, thread)
    assert not await follows(ben, thread)
    await ben.say(thread)
    assert await follows(ben, thread)
    for person in (ada, ben):
        for _ in range(2):
            assert (await person.at("DELETE", f"/threads/{thread}/follow")).status_code == 204
        await person.say(thread, "once more")
        assert not await follows(person, thread), "who has left isn't brought back by what they say"
        for _ in range(2):
            assert (await person.at("PUT", f"/threads/{thread}/follow")).status_code == 204
        assert await follows(person, thread)


async def test_each_change_of_following_is_told_once(votewave: VoteWave, ben: Speaker, thread: str) -> None:
    await ben.say(thread)
    await ben.say(thread)
    for method in ("PUT", "DELETE", "DELETE", "PUT"):
        await ben.done(method, f"/threads/{thread}/follow")
    rows = await votewave.sql("SELECT payload FROM comments.outbox WHERE kind = 'comments.thread.followed'")
    events = [event for row in rows if (event := json.loads(row["payload"]))["account"] == ben.account]
    assert sorted((event["version"], event["following"]) for event in events) == [(1, True), (2, False), (3, True)]


async def test_what_one_follows_is_listed_page_by_page(ada: Speaker, ben: Speaker) -> None:
    threads = [await ada.poll(title=f"Poll {number}") for number in range(3)]
    for thread in threads:
        await ben.done("PUT", f"/threads/{thread}/follow")
    await ben.done("DELETE", f"/threads/{threads[1]}/follow")
    first = await ben.done("GET", "/threads/followed?limit=1")
    second = await ben.done("GET", f"/threads/followed?limit=1&cursor={first['next']}")
    assert [item["title"] for item in (*first["items"], *second["items"])] == ["Poll 2", "Poll 0"]
    assert second["next"] is None


async def test_only_what_one_may_see_is_followed(ada: Speaker, ben: Speaker, guest: Speaker, thread: str) -> None:
    hidden = await ada.poll(rules={"listing": "followers"})
    assert kind_of(await ben.at("PUT", f"/threads/{hidden}/follow")) == (404, "not-found")
    assert kind_of(await guest.at("PUT", f"/threads/{thread}/follow")) == (403, "guest-refused")
    await ada.block(ben)

    async def refused() -> bool:
        return (await ben.at("PUT", f"/threads/{thread}/follow")).status_code == 404

    await eventually(refused)
    await ben.at("DELETE", f"/threads/{thread}/follow")  # of when the block wasn't known here yet
    assert await refused()
    assert not await follows(ben, thread)
    assert (await ben.at("DELETE", f"/threads/{hidden}/follow")).status_code == 204


async def test_an_account_follows_so_many_at_most_and_comments_all_the_same(
    votewave: VoteWave, ada: Speaker, ben: Speaker
) -> None:
    threads = [UUID(await ada.poll()) for _ in range(3)]
    who = subject(UUID(ben.account))
    async with comments_of(votewave, followed_threads_per_account=2) as comments:
        await comments.following.follow(who, threads[0])
        await comments.writing.add(who, threads[1], CommentNew(text="a"), None)
        with pytest.raises(Problem) as refused:
            await comments.following.follow(who, threads[2])
        assert refused.value.slug == "over-quota"
        await comments.writing.add(who, threads[2], CommentNew(text="b"), None)
        await comments.following.follow(who, threads[1])
        page = await comments.following.mine(who, None, 20)
        assert [item.id for item in page.items] == [threads[1], threads[0]]
