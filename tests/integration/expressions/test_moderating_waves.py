"""Waves with filtered words wait for a moderator; reported ones are seen by moderators, and no others are."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.ids import new_id
from services.expressions.events import FilterChanged
from services.expressions.repository import FilterRepository
from services.expressions.service import Expressions
from tests.conftest import VoteWave, eventually
from tests.integration.comments.conftest import comments_of
from tests.integration.follows.conftest import PASSWORD, kind_of

from .conftest import NOBODY, Author, author, told
from .test_images import ready


async def a_moderator(http: httpx.AsyncClient, votewave: VoteWave) -> Author:
    """Somebody who moderates everything, with a token that says so."""
    person = await author(http)
    [row] = await votewave.sql(
        "UPDATE auth.account SET role = 'moderator' WHERE id = $1 RETURNING email", person.account
    )
    answer = await http.post("/v1/auth/sessions", json={"email": row["email"], "password": PASSWORD})
    assert answer.status_code in {200, 201}, answer.text
    return Author(http, answer.json())


@pytest.fixture
async def moderator(client: httpx.AsyncClient, votewave: VoteWave) -> Author:
    return await a_moderator(client, votewave)


@pytest.fixture
async def word(moderator: Author, votewave: VoteWave) -> AsyncIterator[str]:
    """A word that is filtered, in Waves as well, while the test runs. Its letters have others that look alike."""
    word = "x" + "".join("aeopcxyshj"[int(digit, 16) % 10] for digit in uuid4().hex[:14])
    headers = moderator.headers
    added = await moderator.http.post("/v1/comments/filters", json={"words": word}, headers=headers)
    assert added.status_code == 201, added.text
    filter_id = added.json()["id"]

    async def heard(*, removed: bool = False) -> bool:
        rows = await votewave.sql("SELECT removed FROM expressions.filter WHERE id = $1", UUID(filter_id))
        return [row["removed"] for row in rows] == [removed]

    await eventually(heard)
    yield word
    assert (await moderator.http.delete(f"/v1/comments/filters/{filter_id}", headers=headers)).status_code == 204
    await eventually(lambda: heard(removed=True))


async def listed(moderator: Author, path: str) -> list[Any]:
    """Return all that a list of moderators has."""
    items: list[Any] = []
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = await moderator.http.get(f"/v1/expressions{path}", params=query, headers=moderator.headers)
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        if page.json()["next"] is None:
            return items
        query["cursor"] = page.json()["next"]


async def case_of(moderator: Author, wave: str) -> dict[str, Any] | None:
    """Return the case of a Wave that waits; other tests' wait beside it."""
    return next((case for case in await listed(moderator, "/cases") if case["wave"]["id"] == wave), None)


async def decide(moderator: Author, case: str, outcome: str) -> httpx.Response:
    body = {"outcome": outcome, "reason": "It is a boat's name."}
    path = f"/v1/expressions/cases/{case}/decision"
    return await moderator.http.put(path, json=body, headers=moderator.headers)


async def ripples_of(wave: str, viewer: Author) -> int:
    return int((await viewer.sees(wave) or {})["counts"]["ripples"])


SPELLINGS = {
    "shouted": str.upper,
    "wide": lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word),
    "cyrillic": lambda word: word.translate(str.maketrans("aeopcxysj", "аеорсхуѕј")),
    "accents": lambda word: "".join(letter + "\u0301" for letter in word),
    "invisible": "\u200b".join,
    "joined": "\u2060".join,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_filtered_words_wait_for_a_moderator_however_they_are_written(
    ada: Author, ben: Author, moderator: Author, votewave: VoteWave, word: str, spelling: str
) -> None:
    text = f"Have a {SPELLINGS[spelling](word)}!"
    wave = await ada.say(text)
    assert wave["state"] == "hidden", "its author sees that it waits"
    assert await ada.listed(ada) == [wave["id"]]
    assert await ben.sees(wave["id"]) is None
    assert await ben.listed(ada) == []
    answer = await ben.http.get(f"/v1/expressions/waves/{wave['id']}")
    assert answer.status_code == 404
    [first] = await told(votewave, "expressions.wave.changed", wave["id"])
    assert (first["visibility"], first["mentions"]) == ("mentioned", []), "others are told of nothing"
    case = await case_of(moderator, wave["id"])
    assert case is not None
    assert (case["matched"], case["reports"], case["wave"]["state"]) == (word, 0, "hidden")
    assert case["wave"]["text"] == wave["text"]
    for _ in range(2):
        assert (await decide(moderator, case["id"], "restored")).status_code == 204
    assert ((await ben.sees(wave["id"])) or {})["state"] == "shown"
    [_, second] = await told(votewave, "expressions.wave.changed", wave["id"])
    assert (second["visibility"], second["version"], second["text"]) == ("public", 2, wave["text"])
    assert await case_of(moderator, wave["id"]) is None
    moderated = await told(votewave, "expressions.wave.moderated", wave["id"])
    assert [(one["hidden"], one["version"], one["author"]) for one in moderated] == [
        (True, 1, ada.account),
        (False, 2, ada.account),
    ]


async def test_words_beside_or_within_others_arent_held_back(ada: Author, ben: Author, word: str) -> None:
    for text in (f"un{word}", f"{word}s", f"{word[:5]} {word[5:]}"):
        wave = await ada.say(text)
        assert wave["state"] == "shown", text
        assert await ben.sees(wave["id"]) is not None


async def test_an_edit_doesnt_get_past_a_filter_and_what_is_hidden_isnt_edited(
    ada: Author, ben: Author, moderator: Author, word: str
) -> None:
    wave = (await ada.say("Harmless."))["id"]
    changed = await ada.waves("PATCH", f"/{wave}", json={"text": f"Not {word} at all."})
    assert (changed.status_code, changed.json()["state"]) == (200, "hidden")
    assert await ben.sees(wave) is None
    assert (await ben.waves("GET", f"/{wave}/history")).status_code == 404
    assert kind_of(await ada.waves("PATCH", f"/{wave}", json={"text": "Harmless again."})) == (409, "wave-hidden")
    case = await case_of(moderator, wave)
    assert case is not None
    seen = await moderator.waves("GET", f"/{wave}/history")
    assert [version["text"] for version in seen.json()["items"]] == [f"Not {word} at all.", "Harmless."]
    assert (await decide(moderator, case["id"], "restored")).status_code == 204
    assert (await ada.waves("PATCH", f"/{wave}", json={"text": f"Two {word}."})).json()["state"] == "hidden"
    again = await case_of(moderator, wave)
    assert again is not None, "other words are looked at anew"
    assert (again["id"], again["matched"]) == (case["id"], word)
    assert (await ada.waves("DELETE", f"/{wave}")).status_code == 204
    assert await case_of(moderator, wave) is None
    assert kind_of(await decide(moderator, case["id"], "restored")) == (404, "not-found")


async def test_descriptions_of_images_are_looked_at(ada: Author, ben: Author, moderator: Author, word: str) -> None:
    images = [{"image": await ready(ada), "description": f"A boat called {word}."}]
    wave = await ada.say("A picture", images=images)
    assert wave["state"] == "hidden"
    assert await ben.sees(wave["id"]) is None
    assert (await case_of(moderator, wave["id"]) or {})["matched"] == word


async def test_a_ripple_with_filtered_words_counts_while_it_is_shown_and_one_hidden_isnt_shared_on(
    ada: Author, ben: Author, cleo: Author, moderator: Author, word: str
) -> None:
    wave = (await ada.say("Hear me"))["id"]
    ripple = await ben.say(f"Listen, {word}!", ripple_of=wave)
    assert ripple["state"] == "hidden"
    assert await ripples_of(wave, cleo) == 0
    assert (await cleo.waves("GET", f"/{wave}/ripples")).json()["items"] == []
    assert kind_of(await ben.waves("PUT", f"/{ripple['id']}/ripple")) == (422, "not-for-all")
    for path in ("ripple", "like"):
        assert (await cleo.waves("PUT", f"/{ripple['id']}/{path}")).status_code == 404
    case = await case_of(moderator, ripple["id"]) or {}
    assert case["wave"]["original"]["id"] == wave
    assert (await decide(moderator, case["id"], "restored")).status_code == 204
    assert await ripples_of(wave, cleo) == 1
    bare = (await cleo.waves("PUT", f"/{ripple['id']}/ripple")).json()["mine"]["ripple"]
    assert await ada.listed(cleo) == [bare]
    assert (await cleo.waves("PUT", f"/{ripple['id']}/report", json={"reason": "spam"})).status_code == 204
    assert (
        await decide(moderator, (await case_of(moderator, ripple["id"]) or case)["id"], "hidden")
    ).status_code == 409
    await ben.waves("PATCH", f"/{ripple['id']}", json={"text": f"Now, {word}!"})
    assert await ripples_of(wave, cleo) == 0
    assert await ada.listed(cleo) == [], "what shares it on without words is nothing without it"
    assert (await ben.waves("DELETE", f"/{ripple['id']}")).status_code == 204
    assert await ripples_of(wave, cleo) == 0
    held = await ben.say(f"Listen, {word}!", ripple_of=wave)
    shown = await ben.say("Listen", ripple_of=wave)
    assert await ripples_of(wave, cleo) == 1
    assert {held["state"], shown["state"]} == {"hidden", "shown"}


async def test_moderators_see_what_is_reported_while_it_waits_whomever_it_is_for(
    ada: Author, ben: Author, cleo: Author, moderator: Author, word: str
) -> None:
    await ben.follow(ada)
    wave = (await ada.say("Among ourselves", visibility="followers"))["id"]
    other = (await ada.say("Nobody has said a thing", visibility="followers"))["id"]
    await ben.finds(wave)
    assert await moderator.sees(wave) is None
    assert kind_of(await cleo.waves("PUT", f"/{wave}/report", json={"reason": "abuse"})) == (404, "not-found")
    for reason in ("spam", "abuse"):
        body = {"reason": reason, "note": "Look."}
        assert (await ben.waves("PUT", f"/{wave}/report", json=body)).status_code == 204
    assert ((await moderator.sees(wave)) or {})["text"] == "Among ourselves"
    assert await moderator.listed(ada) == [wave]
    assert (await moderator.waves("GET", f"/{wave}/history")).status_code == 200
    assert await cleo.sees(wave) is None
    assert await moderator.sees(other) is None, "what nobody has reported isn't theirs to read"
    case = await case_of(moderator, wave)
    assert case is not None
    assert (case["reports"], case["reasons"], case["wave"]["visibility"]) == (1, {"abuse": 1}, "followers")
    [report] = await listed(moderator, f"/cases/{case['id']}/reports")
    assert (report["reporter"]["id"], report["reason"], report["note"]) == (ben.account, "abuse", "Look.")
    assert (await decide(moderator, case["id"], "dismissed")).status_code == 204
    assert await moderator.sees(wave) is None, "what is decided and stays isn't theirs to read any longer"
    assert await ben.sees(wave) is not None

    # The same again isn't put before them; something else is, and what they hide they see.
    await cleo.follow(ada)
    await cleo.finds(wave)
    assert (await cleo.waves("PUT", f"/{wave}/report", json={"reason": "spam"})).status_code == 204
    assert await case_of(moderator, wave) is None
    await ada.waves("PATCH", f"/{wave}", json={"text": "Among ourselves, again"})
    third = await author(ada.http)
    await third.follow(ada)
    await third.finds(wave)
    assert (await third.waves("PUT", f"/{wave}/report", json={"reason": "spam"})).status_code == 204
    case = await case_of(moderator, wave) or {}
    assert case["reports"] == 3
    assert (await decide(moderator, case["id"], "hidden")).status_code == 204
    assert (await moderator.sees(wave) or {})["state"] == "hidden"
    assert await ben.sees(wave) is None
    log = await listed(moderator, "/moderation-log")
    acts = [(entry["act"], entry["actor"]["id"]) for entry in log if entry["wave"] == wave]
    assert acts == [("case.hidden", moderator.account), ("case.dismissed", moderator.account)]

    # Its author may ask once.
    assert kind_of(await ben.waves("PUT", f"/{wave}/appeal", json={"text": "?"})) == (404, "not-found")
    assert (await ada.waves("PUT", f"/{wave}/appeal", json={"text": "It is a joke."})).status_code == 204
    assert kind_of(await ada.waves("PUT", f"/{wave}/appeal", json={"text": "Really."})) == (409, "appealed")
    case = await case_of(moderator, wave) or {}
    assert case["appeal"] == "It is a joke."
    assert (await decide(moderator, case["id"], "restored")).status_code == 204
    assert await ben.sees(wave) is not None
    assert kind_of(await ada.waves("PUT", f"/{wave}/appeal", json={"text": "?"})) == (409, "not-hidden")


async def test_moderators_see_what_the_limited_write_but_not_what_is_for_those_alone_whom_it_names(
    ada: Author, ben: Author, moderator: Author
) -> None:
    waves = [(await ada.say(f"For {whom}", visibility=whom))["id"] for whom in ("public", "followers", "mentioned")]
    path = f"/v1/comments/limits/{ada.account}"
    limited = await moderator.http.put(path, json={"reason": "Insults."}, headers=moderator.headers)
    assert limited.status_code == 204
    await ben.finds(waves[0], there=False)
    assert await moderator.listed(ada) == waves[1::-1]
    assert {(await moderator.sees(wave) or {})["state"] for wave in waves[:2]} == {"hidden"}
    batch = await moderator.waves("POST", "/batch", json={"waves": waves})
    assert [wave["id"] for wave in batch.json()["items"]] == waves[:2]
    assert {wave["state"] for wave in (await ada.waves("POST", "/batch", json={"waves": waves})).json()["items"]} == {
        "shown"
    }, "they aren't told"
    for method, to in (("PUT", "like"), ("PUT", "ripple")):
        assert (await moderator.waves(method, f"/{waves[0]}/{to}")).status_code == 404, "they look, and do no more"
    assert (await moderator.http.delete(path, headers=moderator.headers)).status_code == 204
    await ben.finds(waves[0])
    assert (await moderator.sees(waves[0]) or {})["state"] == "shown"
    assert await moderator.sees(waves[1]) is None


async def test_who_may_report_and_who_may_decide(ada: Author, ben: Author, guest: Author) -> None:
    wave = (await ada.say("Hear me"))["id"]
    bare = (await ben.waves("PUT", f"/{wave}/ripple")).json()["mine"]["ripple"]
    report = {"reason": "spam"}
    assert kind_of(await ada.waves("PUT", f"/{wave}/report", json=report)) == (422, "own-wave")
    assert kind_of(await ada.waves("PUT", f"/{bare}/report", json=report)) == (404, "not-found"), "it says nothing"
    assert kind_of(await ben.waves("PUT", f"/{NOBODY}/report", json=report)) == (404, "not-found")
    assert kind_of(await guest.waves("PUT", f"/{wave}/report", json=report)) == (403, "guest-refused")
    long = {"reason": "spam", "note": "x" * 501}
    assert kind_of(await ben.waves("PUT", f"/{wave}/report", json=long)) == (422, "report-refused")
    assert (await ben.waves("PUT", f"/{wave}/report", json={"reason": "boring"})).status_code == 400
    for method, path, body in (
        ("GET", "/cases", None),
        ("GET", f"/cases/{NOBODY}/reports", None),
        ("PUT", f"/cases/{NOBODY}/decision", {"outcome": "hidden", "reason": "x"}),
        ("GET", "/moderation-log", None),
    ):
        answer = await ada.http.request(method, f"/v1/expressions{path}", json=body, headers=ada.headers)
        assert kind_of(answer) == (403, "forbidden"), path


async def test_of_two_moderators_who_decide_at_once_one_does(
    ada: Author, ben: Author, cleo: Author, moderator: Author, votewave: VoteWave
) -> None:
    other = await a_moderator(moderator.http, votewave)
    original = (await ada.say("Hear me"))["id"]
    for _ in range(4):
        ripple = (await ben.say("Listen", ripple_of=original))["id"]
        assert (await cleo.waves("PUT", f"/{ripple}/report", json={"reason": "spam"})).status_code == 204
        case = (await case_of(moderator, ripple) or {})["id"]
        answers = await asyncio.gather(
            decide(moderator, case, "hidden"),
            decide(other, case, "dismissed"),
            ben.waves("PATCH", f"/{ripple}", json={"text": "Listen!"}),
            cleo.waves("PUT", f"/{original}/like"),
        )
        assert sorted(answer.status_code for answer in answers[:2]) == [204, 409]
        assert answers[2].status_code in {200, 409}
        hidden = answers[0].status_code == 204
        assert (await cleo.sees(ripple) is None) is hidden
        assert await ripples_of(original, cleo) == (0 if hidden else 1)
        assert (await ben.waves("DELETE", f"/{ripple}")).status_code == 204
        assert await ripples_of(original, cleo) == 0


async def test_a_filter_that_is_removed_stays_so_in_whatever_order_it_is_told(expressions: Expressions) -> None:
    one, other = new_id(), new_id()
    added = {it: FilterChanged(filter=it, words=f"Key {it}", key=f"key {it}", removed=False) for it in (one, other)}
    removed = FilterChanged(filter=one, words="", key="", removed=True)
    for event in (removed, added[one], added[other], removed, added[one], added[other]):
        async with expressions.kit.db.transaction() as session:
            await expressions.moderating.on_filter_changed(session, event)
    async with expressions.kit.db.transaction() as session:
        words = await FilterRepository(session).words()
        assert {key for key in words if key.endswith((str(one), str(other)))} == {f"key {other}"}
        # It would match others' Waves from now on.
        await expressions.moderating.on_filter_changed(
            session, FilterChanged(filter=other, words="", key="", removed=True)
        )


async def test_filters_from_before_others_were_told_of_them_are_told_once(votewave: VoteWave) -> None:
    filter_id, key = new_id(), f"before{uuid4().hex}"
    await votewave.sql("INSERT INTO comments.filter (id, words, key) VALUES ($1, $2, $2)", filter_id, key)
    async with comments_of(votewave) as comments:
        await asyncio.gather(*(comments.limiting.tell_filters() for _ in range(3)))
    rows = await votewave.sql("SELECT payload FROM comments.outbox WHERE kind = 'comments.filter.changed'")
    events = [event for row in rows if (event := json.loads(row["payload"]))["filter"] == str(filter_id)]
    assert [(event["key"], event["removed"]) for event in events] == [(key, False)]
    await votewave.sql("DELETE FROM comments.filter WHERE id = $1", filter_id)
