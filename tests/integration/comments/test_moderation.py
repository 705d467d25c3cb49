"""What owners, moderators and blocks do to a thread; nobody else can, and each act is logged."""

import asyncio

from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of

from .conftest import Speaker, recounted


async def test_a_hidden_comment_is_read_by_its_author_and_the_owner_alone(
    votewave: VoteWave, ada: Speaker, ben: Speaker, cleo: Speaker, thread: str
) -> None:
    rude = await ben.say(thread, "rude")
    await cleo.say(thread, "kind")
    for _ in range(2):
        await ada.done("PUT", f"/{rude}/hidden", json={"reason": "It is rude."})
    assert await cleo.listed(f"/threads/{thread}/comments") == ["kind"]
    assert (await cleo.at("GET", f"/{rude}")).status_code == 404
    for person in (ada, ben):
        seen = await person.read(rude)
        assert (seen["state"], seen["text"]) == ("hidden", "rude")
    assert kind_of(await ben.at("PATCH", f"/{rude}", json={"text": "less rude"})) == (409, "comment-hidden")
    assert kind_of(await ben.at("DELETE", f"/{rude}/hidden")) == (403, "not-the-owner")
    assert (await ada.done("GET", f"/threads/{thread}"))["comments"] == 1
    await ada.done("DELETE", f"/{rude}/hidden")
    assert await cleo.listed(f"/threads/{thread}/comments?sort=oldest") == ["rude", "kind"]
    log = (await ada.done("GET", f"/threads/{thread}/log"))["items"]
    assert [entry["act"] for entry in log] == ["comment.restored", "comment.hidden"]
    assert log[1]["details"] == {"comment": rude, "reason": "It is rude."}
    assert log[1]["actor"]["id"] == ada.account
    assert kind_of(await ben.at("GET", f"/threads/{thread}/log")) == (403, "not-the-owner")
    await recounted(votewave, thread)


async def test_what_its_author_has_deleted_cant_be_shown_again(ada: Speaker, ben: Speaker, thread: str) -> None:
    comment = await ben.say(thread, "gone")
    await ada.done("PUT", f"/{comment}/hidden", json={"reason": "test"})
    await ben.done("DELETE", f"/{comment}")
    await ada.done("DELETE", f"/{comment}/hidden")
    assert (await ada.at("GET", f"/{comment}")).status_code == 404


async def test_a_locked_thread_takes_comments_of_its_owner_alone(ada: Speaker, ben: Speaker, thread: str) -> None:
    assert kind_of(await ben.at("PUT", f"/threads/{thread}/lock")) == (403, "not-the-owner")
    assert (await ada.done("PUT", f"/threads/{thread}/lock"))["locked"] is True
    assert (await ben.done("GET", f"/threads/{thread}"))["may_comment"] is False
    assert kind_of(await ben.at("POST", f"/threads/{thread}/comments", json={"text": "x"})) == (403, "forbidden")
    await ada.say(thread, "The last word.")
    await ada.done("DELETE", f"/threads/{thread}/lock")
    await ben.say(thread, "Not quite.")


async def test_one_comment_of_the_top_is_pinned(ada: Speaker, ben: Speaker, thread: str) -> None:
    first, second = await ben.say(thread, "first"), await ben.say(thread, "second")
    answer = await ben.say(thread, "answer", first)
    assert kind_of(await ben.at("PUT", f"/{first}/pin")) == (403, "not-the-owner")
    assert kind_of(await ada.at("PUT", f"/{answer}/pin")) == (422, "not-at-the-top")
    await ada.done("PUT", f"/{first}/pin")
    await ada.done("PUT", f"/{second}/pin")
    assert (await ben.done("GET", f"/threads/{thread}"))["pinned"]["text"] == "second"
    assert ((await ben.read(first))["pinned"], (await ben.read(second))["pinned"]) == (False, True)
    await ben.done("DELETE", f"/{second}")
    assert (await ben.done("GET", f"/threads/{thread}"))["pinned"] is None
    assert kind_of(await ada.at("PUT", f"/{second}/pin")) == (409, "comment-gone")


async def test_a_block_keeps_both_from_reading_and_answering_each_other(
    ada: Speaker, ben: Speaker, cleo: Speaker, thread: str
) -> None:
    bens, cleos = await ben.say(thread, "Ben's"), await cleo.say(thread, "Cleo's")
    await ada.say(thread, "To Ben", bens)
    assert (await ben.block(cleo)).is_success

    async def apart() -> bool:
        return (await cleo.listed(f"/threads/{thread}/comments")) == ["Cleo's", "[withheld]"]

    await eventually(apart)
    assert await ben.listed(f"/threads/{thread}/comments") == ["[withheld]", "Ben's"]
    assert await cleo.listed(f"/{bens}/replies") == ["To Ben"], "what others say there is still read"
    assert await ada.listed(f"/threads/{thread}/comments") == ["Cleo's", "Ben's"]
    for one, others in ((ben, cleos), (cleo, bens)):
        refused = await one.at("POST", f"/threads/{thread}/comments", json={"text": "x", "parent": others})
        assert kind_of(refused) == (404, "not-found")
        assert kind_of(await one.at("PUT", f"/{others}/support")) == (404, "not-found")
    assert (await ben.at("GET", f"/{cleos}")).status_code == 404


async def test_whom_the_owner_blocks_doesnt_comment_there(ada: Speaker, ben: Speaker, thread: str) -> None:
    assert (await ada.block(ben)).is_success

    async def kept_out() -> bool:
        return (await ben.done("GET", f"/threads/{thread}"))["may_comment"] is False

    await eventually(kept_out)
    assert kind_of(await ben.at("POST", f"/threads/{thread}/comments", json={"text": "x"})) == (404, "not-found")
    await ada.unblock(ben)

    async def let_in() -> bool:
        return (await ben.done("GET", f"/threads/{thread}"))["may_comment"] is True

    await eventually(let_in)
    await ben.say(thread)


async def test_hiding_and_deleting_at_once_leave_the_counts_right(
    votewave: VoteWave, ada: Speaker, ben: Speaker, thread: str
) -> None:
    top = await ben.say(thread)
    made = [await ben.say(thread, "answer", top) for _ in range(6)]
    hide = [ada.at("PUT", f"/{one}/hidden", json={"reason": "test"}) for one in [*made, top]]
    erase = [ben.at("DELETE", f"/{one}") for one in [top, *made[:3]]]
    answers = await asyncio.gather(*hide, *erase)
    assert {answer.status_code for answer in answers} <= {200, 204, 404, 409}, [answer.text for answer in answers]
    await recounted(votewave, thread)
