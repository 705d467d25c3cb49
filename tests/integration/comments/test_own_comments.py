"""What people do with their own comments: editing for a while, deleting, with answers staying."""

from uuid import UUID

import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.problems import Problem
from tests.conftest import VoteWave
from tests.integration.follows.conftest import kind_of

from .conftest import Speaker, comments_of, recounted


async def test_an_edit_is_seen_and_only_ones_own(ada: Speaker, ben: Speaker, thread: str) -> None:
    comment = await ben.say(thread, "Sup")
    edited = await ben.done("PATCH", f"/{comment}", json={"text": "Soup"})
    assert edited["comment"]["text"] == "Soup"
    assert edited["comment"]["edited_at"] is not None
    again = await ben.done("PATCH", f"/{comment}", json={"text": "Soup"})
    assert again["comment"]["edited_at"] == edited["comment"]["edited_at"], "nothing was changed"
    assert kind_of(await ada.at("PATCH", f"/{comment}", json={"text": "Bread"})) == (404, "not-found")
    assert kind_of(await ada.at("DELETE", f"/{comment}")) == (404, "not-found")


async def test_after_a_while_it_stays_as_it_was_said(votewave: VoteWave, ben: Speaker, thread: str) -> None:
    comment = UUID(await ben.say(thread, "Soup"))
    me = Subject(UUID(ben.account), Kind.USER, Role.USER, UUID(int=0), frozenset("*"), 2**31)
    async with comments_of(votewave, edit_minutes=0) as comments:
        with pytest.raises(Problem) as refused:
            await comments.writing.edit(me, comment, "Bread")
    assert refused.value.slug == "edit-window-over"


async def test_a_deleted_comment_leaves_its_place_where_answers_hang_on_it(
    votewave: VoteWave, ada: Speaker, ben: Speaker, cleo: Speaker, thread: str
) -> None:
    top = await ben.say(thread, "top")
    middle = await ben.say(thread, "middle", top)
    answer = await cleo.say(thread, "answer", middle)
    for comment in (top, middle, middle):
        await ben.done("DELETE", f"/{comment}")
    assert await ada.listed(f"/threads/{thread}/comments") == ["[deleted]"]
    assert await ada.listed(f"/{top}/replies") == ["[deleted]"]
    assert await ada.listed(f"/{middle}/replies") == ["answer"]
    [stored] = await votewave.sql("SELECT text FROM comments.comment WHERE id = $1", top)
    assert stored["text"] == "", "it is gone from the database, too"
    context = await ada.done("GET", f"/{answer}")
    assert [(one["state"], one["text"], one["author"]) for one in context["above"]] == [("deleted", None, None)] * 2
    refused = await cleo.at("POST", f"/threads/{thread}/comments", json={"text": "x", "parent": top})
    assert kind_of(refused) == (409, "comment-gone")
    await recounted(votewave, thread)

    await cleo.done("DELETE", f"/{answer}")
    assert await ada.listed(f"/threads/{thread}/comments") == [], "nothing hangs on them any more"
    assert (await ada.at("GET", f"/{top}")).status_code == 404
    assert (await ada.done("GET", f"/threads/{thread}"))["comments"] == 0
    await recounted(votewave, thread)


async def test_ones_own_comments_are_listed_without_deleted_ones(ada: Speaker, ben: Speaker, thread: str) -> None:
    first = await ben.say(thread, "first")
    await ben.say(await ada.poll(), "second")
    await ben.done("DELETE", f"/{await ben.say(thread, 'third')}")
    assert await ben.listed("/mine") == ["second", "first"]
    await ada.done("PUT", f"/{first}/hidden", json={"reason": "test"})
    assert await ben.listed("/mine") == ["second", "first"], "what is hidden is still one's own"
    assert await ada.listed("/mine") == []
