"""What waits for a moderator, and what nobody but its author and moderators sees."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import NOBODY, kind_of

from .conftest import Speaker, recounted
from .test_reports import case_of, moderator

__all__ = ["moderator"]


@pytest.fixture
async def word(moderator: Speaker) -> AsyncIterator[str]:
    """A word that is filtered, while the test runs."""
    word = "x" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:10])
    added = await moderator.at("POST", "/filters", json={"words": word})
    assert added.status_code == 201, added.text
    yield word
    await moderator.done("DELETE", f"/filters/{added.json()['id']}")


async def test_filtered_words_wait_for_a_moderator_and_arent_lost(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, votewave: VoteWave, thread: str, word: str
) -> None:
    comment = await ben.say(thread, f"Have a {word.upper()}!")
    assert (await ben.read(comment))["state"] == "hidden", "its author sees that it waits"
    assert (await cleo.at("GET", f"/{comment}")).status_code == 404
    assert await cleo.listed(f"/threads/{thread}/comments") == []
    case = await case_of(moderator, comment)
    assert case is not None
    assert (case["matched"], case["reports"], case["comment"]["text"]) == (word, 0, f"Have a {word.upper()}!")
    assert kind_of(await ada.at("DELETE", f"/{comment}/hidden")) == (403, "forbidden"), "it isn't the owner's to show"
    decision = {"outcome": "restored", "reason": "It is a boat's name."}
    await moderator.done("PUT", f"/cases/{case['id']}/decision", json=decision)
    assert await cleo.listed(f"/threads/{thread}/comments") == [f"Have a {word.upper()}!"]
    await ben.done("PATCH", f"/{comment}", json={"text": f"Two {word}."})
    assert (await ben.read(comment))["state"] == "hidden", "other words are looked at anew"
    assert (await case_of(moderator, comment) or {})["matched"] == word
    await recounted(votewave, thread)


async def test_an_edit_doesnt_get_past_a_filter(ben: Speaker, cleo: Speaker, thread: str, word: str) -> None:
    comment = await ben.say(thread, "Harmless.")
    await ben.done("PATCH", f"/{comment}", json={"text": f"Not {word} at all."})
    assert (await cleo.at("GET", f"/{comment}")).status_code == 404


async def test_filters_are_moderators_and_each_stands_once(ada: Speaker, moderator: Speaker, word: str) -> None:
    again = await moderator.at("POST", "/filters", json={"words": f" {word.upper()} "})
    assert (again.status_code, again.json()["words"]) == (200, word)
    assert kind_of(await moderator.at("POST", "/filters", json={"words": "..."})) == (422, "filter-refused")
    for method, path, body in (
        ("GET", "/filters", None),
        ("POST", "/filters", {"words": "soup"}),
        ("DELETE", f"/filters/{NOBODY}", None),
        ("GET", "/limits", None),
        ("PUT", f"/limits/{NOBODY}", {"reason": "x"}),
        ("DELETE", f"/limits/{NOBODY}", None),
        ("GET", f"/limits/{NOBODY}/comments", None),
        ("GET", "/moderation-log", None),
    ):
        assert kind_of(await ada.at(method, path, json=body)) == (403, "forbidden"), path
    log = (await moderator.done("GET", "/moderation-log?limit=100"))["items"]
    assert ("filter.added", word) in [(entry["act"], entry["details"].get("words")) for entry in log]


async def waves_of(viewer: Speaker, author: Speaker) -> list[str]:
    answer = await viewer.http.get(f"/v1/expressions/waves?author={author.account}", headers=viewer.headers)
    assert answer.status_code == 200, answer.text
    return [wave["text"] for wave in answer.json()["items"]]


async def wave(author: Speaker, text: str) -> str:
    answer = await author.http.post("/v1/expressions/waves", json={"text": text}, headers=author.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def seen(comment: dict[str, Any]) -> tuple[Any, ...]:
    return comment["state"], comment["text"], comment["replies"]


async def test_what_the_limited_write_is_seen_by_themselves_and_moderators(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, votewave: VoteWave, thread: str
) -> None:
    before = await ben.say(thread, "before")
    answered = await ben.say(thread, "answered")
    answer = await cleo.say(thread, "answer", answered)
    await wave(ben, "Wave before")
    path = f"/limits/{ben.account}"
    for _ in range(2):
        assert (await moderator.at("PUT", path, json={"reason": "Insults."})).status_code == 204

    async def follows() -> bool:
        gone = (await cleo.at("GET", f"/{before}")).status_code == 404
        return gone and await waves_of(cleo, ben) == []

    await eventually(follows)
    after = await ben.say(thread, "after")
    below = await ben.say(thread, "below", after)
    await ben.done("PATCH", f"/{after}", json={"text": "after all"})
    await wave(ben, "Wave after")

    # They see what anybody sees of theirs.
    assert await ben.listed(f"/threads/{thread}/comments?sort=oldest") == ["before", "answered", "after all"]
    assert await ben.listed(f"/{after}/replies") == ["below"]
    assert seen(await ben.read(after)) == ("shown", "after all", 1)
    assert (await ben.done("GET", f"/threads/{thread}"))["comments"] == 5
    assert {one["state"] for one in (await ben.done("GET", "/mine"))["items"]} == {"shown"}
    assert kind_of(await ben.at("PUT", f"/{after}/appeal", json={"text": "?"})) == (409, "not-hidden")
    assert await waves_of(ben, ben) == ["Wave after", "Wave before"]

    # Others, the poll's owner among them, see what they would see if it had been deleted.
    for person in (ada, cleo):
        assert await person.listed(f"/threads/{thread}/comments") == ["[deleted]"]
        assert (await person.done("GET", f"/threads/{thread}"))["comments"] == 1
        assert (await person.at("GET", f"/{after}")).status_code == 404
        assert await waves_of(person, ben) == []
    await ada.done("DELETE", f"/{after}/hidden")
    assert (await cleo.at("GET", f"/{after}")).status_code == 404, "it isn't the owner's to show"
    assert kind_of(await cleo.at("POST", f"/threads/{thread}/comments", json={"text": "x", "parent": after})) == (
        409,
        "comment-gone",
    )

    # Moderators read it.
    said = (await moderator.done("GET", f"{path}/comments"))["items"]
    assert [one["text"] for one in said] == ["below", "after all", "answered", "before"]
    assert {one["state"] for one in said} == {"hidden"}
    assert ben.account in [one["person"]["id"] for one in (await moderator.done("GET", "/limits?limit=100"))["items"]]

    # Nobody was told of anything but that it is gone.
    rows = await votewave.sql("SELECT payload FROM comments.outbox WHERE kind = 'comments.comment.changed'")
    events = [json.loads(row["payload"]) for row in rows]
    assert {(one["state"], one["text"]) for one in events if one["comment"] in {after, below}} == {("deleted", "")}
    await recounted(votewave, thread)

    assert (await moderator.at("DELETE", path)).status_code == 204

    async def lifted() -> bool:
        texts = await cleo.listed(f"/threads/{thread}/comments?sort=oldest")
        return texts == ["before", "answered", "after all"] and len(await waves_of(cleo, ben)) == 2

    await eventually(lifted)
    assert await cleo.listed(f"/{after}/replies") == ["below"]
    assert (await cleo.read(answer))["parent"] == answered
    await recounted(votewave, thread)
    log = (await moderator.done("GET", "/moderation-log?limit=100"))["items"]
    acts = [(entry["act"], entry["actor"]["id"]) for entry in log if entry["details"].get("account") == ben.account]
    assert acts == [("account.unlimited", moderator.account), ("account.limited", moderator.account)]


async def test_moderators_limit_only_who_is_there(client: httpx.AsyncClient, moderator: Speaker) -> None:
    body = {"reason": "Insults."}
    assert kind_of(await moderator.at("PUT", f"/limits/{NOBODY}", json=body)) == (404, "not-found")
    assert kind_of(await moderator.at("PUT", f"/limits/{moderator.account}", json=body)) == (422, "own-account")
