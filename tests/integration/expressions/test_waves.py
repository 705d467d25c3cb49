"""Waves: published once, shown in pieces, changed with a history, deleted for good."""

import asyncio
from typing import Any
from uuid import uuid4

from services.expressions.service.writing import MOST_EDITS
from tests.conftest import VoteWave
from tests.integration.feed.conftest import POLL
from tests.integration.follows.conftest import kind_of

from .conftest import NOBODY, Author, told

CHANGED = "expressions.wave.changed"


async def test_a_wave_is_shown_in_pieces_and_told(ada: Author, ben: Author, votewave: VoteWave) -> None:
    handle = f"Ben_{uuid4().hex[:8]}"
    await ben.rename(handle)
    text = f"Hi @{handle.lower()} and @nobody-{NOBODY[:4]}: #Rīga, see https://example.org/a."
    wave = await ada.say(text)
    assert "".join(part["text"] for part in wave["parts"]) == wave["text"] == text
    assert [part["type"] for part in wave["parts"]] == ["text", "mention", "text", "tag", "text", "link", "text"]
    _, mention, _, tag, _, link, _ = wave["parts"]
    assert (mention["person"]["id"], mention["person"]["handle"]) == (ben.account, handle)
    assert (tag["tag"], link["url"]) == ("rīga", "https://example.org/a")
    assert wave["author"]["id"] == ada.account
    assert wave["counts"] == {"likes": 0, "claps": 0, "emojis": {}, "ripples": 0}
    assert wave["mine"] == {"like": False, "clap": False, "emoji": None, "ripple": None}
    assert (await ada.waves("GET", f"/{wave['id']}")).json() == wave
    anybody = await ada.http.get(f"/v1/expressions/waves/{wave['id']}")
    assert anybody.json() == {**wave, "mine": None}
    [event] = await told(votewave, CHANGED, wave["id"])
    assert (event["version"], event["mentions"], event["hashtags"]) == (1, [ben.account], ["rīga"])
    assert (event["text"], event["visibility"], event["deleted"]) == (text, "public", False)


async def test_characters_are_counted_as_people_see_them(ada: Author) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    await ada.say("e\u0301" * 400 + family * 100)
    for text, why in [
        ("a" * 501, "501 characters, and at most 500"),
        (family * 300, "5400 bytes, and at most 4000"),
        ("\u200b \u2060", "empty"),
        ("", "empty"),
        ("a\u202eb", "direction"),
        ("a" + "\u0301" * 40, "accents"),
        (" ".join(f"#tag{number}" for number in range(21)), "more than 20 tags"),
        (" ".join(f"@somebody{number}" for number in range(21)), "more than 20 people"),
    ]:
        answer = await ada.waves("POST", json={"text": text})
        assert kind_of(answer) == (422, "wave-refused"), text[:20]
        assert why in answer.text
    assert (await ada.waves("POST", json={"text": "a" * 60_000})).status_code == 413
    assert kind_of(await ada.waves("POST", json={"text": "a", "visibility": "nobody"})) == (400, "malformed-request")


async def test_one_key_publishes_one_wave(ada: Author, ben: Author) -> None:
    async def send(who: Author, text: str = "Once") -> Any:
        return await who.waves("POST", json={"text": text}, headers={"Idempotency-Key": "k1"})

    answers = await asyncio.gather(*(send(ada) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    [wave] = {answer.json()["id"] for answer in answers}
    assert await ada.listed(ada) == [wave]
    assert kind_of(await send(ada, "Twice")) == (409, "idempotency-key-used")
    assert (await send(ben)).status_code == 201
    await ada.waves("DELETE", f"/{wave}")
    assert kind_of(await send(ada)) == (409, "idempotency-key-used")
    assert await ada.listed(ada) == []


async def test_an_edit_keeps_what_was_said(ada: Author, ben: Author, votewave: VoteWave) -> None:
    wave = await ada.say("One #a")
    for text in ("Two #b", "Two #b", "Three"):
        answer = await ada.waves("PATCH", f"/{wave['id']}", json={"text": text})
        assert (answer.status_code, answer.json()["text"]) == (200, text), answer.text
    said = (await ben.waves("GET", f"/{wave['id']}/history")).json()["items"]
    assert [version["text"] for version in said] == ["Three", "Two #b", "One #a"]
    assert said[1]["parts"][1] == {"type": "tag", "text": "#b", "tag": "b"}
    assert said[2]["at"] == wave["created_at"]
    assert [version["at"] for version in said] == sorted((version["at"] for version in said), reverse=True)
    events = await told(votewave, CHANGED, wave["id"])
    assert [(event["version"], event["text"], event["hashtags"]) for event in events] == [
        (1, "One #a", ["a"]),
        (2, "Two #b", ["b"]),
        (3, "Three", []),
    ]
    assert kind_of(await ben.waves("PATCH", f"/{wave['id']}", json={"text": "Mine"})) == (403, "not-the-owner")
    assert kind_of(await ben.waves("PATCH", f"/{NOBODY}", json={"text": "Mine"})) == (404, "not-found")
    await votewave.sql("UPDATE expressions.wave SET edits = $2 WHERE id = $1", wave["id"], MOST_EDITS)
    assert kind_of(await ada.waves("PATCH", f"/{wave['id']}", json={"text": "Four"})) == (429, "over-quota")


async def test_edits_at_once_all_stand_in_the_history(ada: Author) -> None:
    wave = await ada.say("0")
    await asyncio.gather(*(ada.waves("PATCH", f"/{wave['id']}", json={"text": f"{number}"}) for number in range(1, 6)))
    said = (await ada.waves("GET", f"/{wave['id']}/history")).json()["items"]
    assert sorted(version["text"] for version in said) == ["0", "1", "2", "3", "4", "5"]


async def test_a_deleted_wave_leaves_nothing(ada: Author, ben: Author, votewave: VoteWave) -> None:
    wave = await ada.say("Gone")
    await ada.waves("PATCH", f"/{wave['id']}", json={"text": "Gone too"})
    assert (await ben.waves("DELETE", f"/{wave['id']}")).status_code == 403
    for _ in range(2):
        assert (await ada.waves("DELETE", f"/{wave['id']}")).status_code == 204
    assert (await ben.waves("DELETE", f"/{wave['id']}")).status_code == 204
    assert await ada.sees(wave["id"]) is None
    assert (await ada.waves("GET", f"/{wave['id']}/history")).status_code == 404
    event = (await told(votewave, CHANGED, wave["id"]))[-1]
    assert (event["version"], event["text"], event["deleted"]) == (3, "", True)
    for table in ("revision", "mention", "reaction"):
        assert await votewave.sql(f"SELECT 1 FROM expressions.{table} WHERE wave = $1", wave["id"]) == []
    [held] = await votewave.sql("SELECT bytes FROM expressions.account WHERE id = $1", ada.account)
    assert held["bytes"] == 0


async def test_lists_have_pages_that_hold_still(ada: Author, ben: Author) -> None:
    waves = [(await ada.say(f"{number}"))["id"] for number in range(4)]
    first = (await ben.waves("GET", params={"author": ada.account, "limit": 2})).json()
    await ada.say("new")
    second = (await ben.waves("GET", params={"author": ada.account, "limit": 2, "cursor": first["next"]})).json()
    assert [wave["id"] for wave in first["items"] + second["items"]] == waves[::-1]
    assert second["next"] is None
    answer = await ben.waves("GET", f"/{waves[0]}/ripples", params={"cursor": first["next"]})
    assert kind_of(answer) == (400, "bad-cursor")


async def test_a_poll_comes_along_if_its_author_may_see_it(ada: Author, ben: Author) -> None:
    async def poll_of(who: Author, **more: Any) -> str:
        made = await who.http.post("/v1/polls", json={**POLL, "title": "?", **more}, headers=who.headers)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    # Its event may not have come yet: nobody who has just published a poll is told that there is none.
    poll = await poll_of(ben, publish=True)
    assert (await ada.say("", poll=poll))["poll"] == poll
    draft, deleted = await poll_of(ada), await poll_of(ben, publish=True)
    assert (await ben.http.delete(f"/v1/polls/{deleted}", headers=ben.headers)).status_code < 300
    for unknown in (draft, deleted, NOBODY):
        answer = await ada.waves("POST", json={"text": "Vote!", "poll": unknown})
        assert kind_of(answer) == (422, "wave-refused")
        assert answer.json()["errors"][0]["field"] == "poll"


async def test_an_account_stores_so_much(ada: Author, votewave: VoteWave) -> None:
    wave = await ada.say("One")
    await votewave.sql("UPDATE expressions.account SET bytes = 50000000 WHERE id = $1", ada.account)
    for answer in (
        await ada.waves("POST", json={"text": "Two"}),
        await ada.waves("PATCH", f"/{wave['id']}", json={"text": "Two"}),
    ):
        assert kind_of(answer) == (429, "over-quota")
    assert await ada.listed(ada) == [wave["id"]]


async def test_guests_publish_nothing_and_read(ada: Author, guest: Author) -> None:
    wave = (await ada.say("For all"))["id"]
    assert await guest.sees(wave) is not None
    for method, path, body in [
        ("POST", "", {"text": "Me too"}),
        ("PUT", f"/{wave}/like", None),
        ("PUT", f"/{wave}/ripple", None),
        ("DELETE", f"/{wave}", None),
    ]:
        assert kind_of(await guest.waves(method, path, json=body)) == (403, "guest-refused")


async def test_a_batch_is_of_a_hundred_at_most(ada: Author) -> None:
    for waves in ([], [NOBODY] * 101):
        assert kind_of(await ada.waves("POST", "/batch", json={"waves": waves})) == (422, "waves-refused")
