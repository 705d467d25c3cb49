"""Searching: by the beginnings of words, whatever their case, accents and form; with one typing error, if need be."""

import random

import httpx
import pytest
from services.feed.service import Feed
from services.feed.words import spellings
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of

from .conftest import Reader
from .test_waves import say

_SAYS = {"people": "id", "tags": "tag"}


async def found(ada: Reader, query: str, what: str = "polls", **more: str) -> list[str]:
    answer = await ada.http.get(f"/v1/feed/search/{what}", params={"q": query}, headers={**ada.headers, **more})
    assert answer.status_code == 200, answer.text
    return [item[_SAYS.get(what, "text")] for item in answer.json()["items"]]


async def finds(ada: Reader, query: str, *expected: str, what: str = "polls") -> None:
    async def same() -> bool:
        return await found(ada, query, what) == list(expected)

    await eventually(same)


@pytest.fixture
def odd() -> str:
    """A word that no other test uses. No letter comes twice, or swapping two neighbours could leave it as it was."""
    return "q" + "".join(random.SystemRandom().sample("abcdefghijklmnop", 9))


async def test_polls_are_found_by_the_beginnings_of_their_words(ada: Reader, ben: Reader, odd: str) -> None:
    await ben.publish(f"Économie: {odd} or not?")
    await ben.publish(f"Meetings about {odd}")
    await finds(ada, odd, f"Meetings about {odd}", f"Économie: {odd} or not?")
    for query in (f"economie {odd}", f"{odd.upper()} ECO", f"{odd[:8]} Éco", f"eco-{odd}"):
        assert await found(ada, query) == [f"Économie: {odd} or not?"], query
    assert await found(ada, f"{odd} meeting") == [f"Meetings about {odd}"]
    assert await found(ada, f"nomie {odd}") == []


async def test_other_forms_of_a_word_are_found_in_the_reader_s_language(ada: Reader, ben: Reader, odd: str) -> None:
    await ben.publish(f"We decided on {odd}")
    await finds(ada, odd, f"We decided on {odd}")
    assert await found(ada, f"deciding {odd}", **{"accept-language": "xx, en-GB;q=0.8"}) == [f"We decided on {odd}"]
    assert await found(ada, f"deciding {odd}", **{"accept-language": "xx"}) == []


async def test_one_typing_error_is_forgiven_where_nothing_is_found_as_typed(ada: Reader, ben: Reader, odd: str) -> None:
    await ben.publish(f"For {odd}")
    await finds(ada, odd, f"For {odd}")
    missing, swapped = odd[:4] + odd[5:], odd[:3] + odd[4] + odd[3] + odd[5:]
    for typed in (missing, swapped, odd + "x", "x" + odd, odd[:5] + "x" + odd[6:]):
        answer = (await ada.http.get("/v1/feed/search/polls", params={"q": f"for {typed}"})).json()
        assert ([item["text"] for item in answer["items"]], answer["corrected"]) == ([f"For {odd}"], True), typed
    assert (await ada.http.get("/v1/feed/search/polls", params={"q": odd})).json()["corrected"] is False
    assert await found(ada, odd[:3] + "xyz" + odd[6:]) == []


@pytest.mark.parametrize("typo", [False, True])
async def test_pages_of_what_is_found_go_on_as_the_first_began(ada: Reader, ben: Reader, odd: str, typo: bool) -> None:
    for number in range(3):
        await ben.publish(f"{odd} {number}")
    await finds(ada, odd, *(f"{odd} {number}" for number in (2, 1, 0)))
    query = {"q": odd[:4] + odd[5:] if typo else odd, "limit": 2}
    first = (await ada.http.get("/v1/feed/search/polls", params=query)).json()
    await ben.publish(f"{odd} 3")
    await ben.sees(*(f"{odd} {number}" for number in (3, 2, 1, 0)))
    second = (await ada.http.get("/v1/feed/search/polls", params={**query, "cursor": first["next"]})).json()
    assert [item["text"] for item in first["items"] + second["items"]] == [f"{odd} {number}" for number in (2, 1, 0)]
    assert second["next"] is None
    refused = await ada.http.get("/v1/feed/explore", params={"cursor": first["next"]})
    assert kind_of(refused) == (400, "bad-cursor")


async def test_what_isn_t_for_all_isn_t_found(ada: Reader, ben: Reader, odd: str) -> None:
    poll = await ben.publish(f"Public {odd}")
    await ben.publish(f"Unlisted {odd}", rules={"listing": "unlisted"})
    await finds(ada, odd, f"Public {odd}")
    await ada.call("PUT", f"/mutes/{ben.account}")
    await finds(ada, odd)
    await ada.call("DELETE", f"/mutes/{ben.account}")
    await finds(ada, odd, f"Public {odd}")
    assert (await ben.http.delete(f"/v1/polls/{poll}", headers=ben.headers)).status_code == 204
    await finds(ada, odd)


async def test_waves_are_found_by_their_words_by_whoever_comes_across_them(
    ada: Reader, ben: Reader, cleo: Reader, odd: str
) -> None:
    wave = await say(ben, f"Wir fahren nach Zürich, {odd}")
    await say(ben, f"For followers {odd}", visibility="followers")
    shared = await say(cleo, f"With {odd}", ripple_of=wave)
    await ben.publish(f"A poll about {odd}")
    text, other = f"Wir fahren nach Zürich, {odd}", f"With {odd}"
    await finds(ada, odd, other, text, what="waves")
    await finds(ada, odd, f"A poll about {odd}")
    for query in (f"zurich {odd}", f"{odd[:4]}{odd[5:]} fahren"):
        assert await found(ada, query, "waves") == [text], query
    assert (await cleo.http.delete(f"/v1/expressions/waves/{shared}", headers=cleo.headers)).status_code == 204
    await finds(ada, odd, text, what="waves")
    await ben.make(private=True)
    await finds(ada, odd, what="waves")
    await ben.make(private=False)
    await finds(ada, odd, text, what="waves")
    await ben.block(ada)
    await finds(ada, odd, what="waves")
    assert await found(cleo, odd, "waves") == [text]


async def test_tags_are_found_while_something_has_them_that_one_comes_across(
    ada: Reader, ben: Reader, cleo: Reader, feed: Feed, odd: str
) -> None:
    tags = [odd, f"{odd}_größe", f"a_{odd}"]
    waves = [await say(ben, f"#{tag}") for tag in tags]
    await say(ben, f"#{odd}secret", visibility="followers")
    held = [odd, f"{odd}_grösse", f"a_{odd}"]
    await finds(ada, odd, *held, what="tags")
    assert await found(ada, f"#{odd}_Größe", "tags") == held[1:2]
    assert await found(ada, odd[:4] + odd[5:], "tags") == sorted(held)
    first = (await ada.http.get("/v1/feed/search/tags", params={"q": odd, "limit": 2})).json()
    more: dict[str, str] = {"q": odd, "limit": "2", "cursor": first["next"]}
    second = (await ada.http.get("/v1/feed/search/tags", params=more)).json()
    assert [item["tag"] for item in first["items"] + second["items"]] == held
    assert second["next"] is None
    refused = await ada.http.get("/v1/feed/search/waves", params=more)
    assert kind_of(refused) == (400, "bad-cursor")

    assert (await ben.http.delete(f"/v1/expressions/waves/{waves[0]}", headers=ben.headers)).status_code == 204
    await finds(ada, odd, *held[1:], what="tags")
    await feed.sweep_tags()
    await say(ben, f"Again #{odd}")  # what has lost all that has it can be found again
    await finds(ada, odd, *held, what="tags")
    await ada.call("PUT", f"/mutes/{ben.account}")
    await finds(ada, odd, what="tags")
    assert await found(cleo, odd, "tags") == held


async def test_people_are_found_by_handle_and_name(ada: Reader, ben: Reader, cleo: Reader, odd: str) -> None:
    await ben.edit(handle=f"{odd}_b", display_name="Ben Ådahl")
    await cleo.edit(handle=f"c_0{cleo.account[-12:]}", display_name=f"Cleo {odd}")
    await finds(ada, odd, ben.account, cleo.account, what="people")
    for query in (f"@{odd}_b", f"ada {odd}", f"BEN {odd}", f"{odd[:5]}h{odd[5:]} ben"):
        assert await found(ada, query, "people") == [ben.account], query
    await ben.block(ada)
    await finds(ada, odd, cleo.account, what="people")


async def test_what_has_no_words_finds_nothing_and_odd_queries_do_no_harm(client: httpx.AsyncClient) -> None:
    for query in ("?!", "'", "\\", "a' | 'b", "':*", "\u0301\u0301", "🗳️", "x" * 200, "ſ" * 50, "नमस्ते", "\u200b"):
        for what in ("polls", "waves", "people", "tags"):
            answer = await client.get(f"/v1/feed/search/{what}", params={"q": query})
            assert answer.status_code == 200, (query, answer.text)
    for query in ("", "x" * 201):
        assert (await client.get("/v1/feed/search/polls", params={"q": query})).status_code == 400


async def test_words_that_nothing_has_any_more_are_forgotten(
    ada: Reader, votewave: VoteWave, feed: Feed, odd: str
) -> None:
    async def known(word: str) -> int:
        [row] = await votewave.sql("SELECT count(*) FROM feed.spelling WHERE word = $1", word)
        return int(row["count"])

    await ada.edit(display_name=odd)
    await finds(ada, odd, ada.account, what="people")
    other = odd[::-1]
    await ada.edit(display_name=other)
    await finds(ada, other, ada.account, what="people")
    assert await known(odd) > 4
    for _ in range(3):
        await feed.sweep()
    assert (await known(odd), await known(other)) == (0, len({*spellings(other)}))
