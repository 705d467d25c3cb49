"""What was published before Feed kept all that it keeps now is taken over, once, whatever happens meanwhile."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.feed.service import Feed, taking_over
from tests.conftest import VoteWave, eventually

from .conftest import Reader
from .test_ripples import ripple
from .test_waves import say

_KEPT = {
    "ripple": "SELECT * FROM feed.ripple WHERE account = ANY($1) ORDER BY id",
    "entry": "SELECT * FROM feed.entry WHERE author = ANY($1) ORDER BY id",
    "tagged": "SELECT t.* FROM feed.tagged t JOIN feed.entry e ON e.id = t.entry WHERE e.author = ANY($1) ORDER BY tag",
    "topic": "SELECT o.tag, o.words FROM feed.topic o WHERE o.tag IN (SELECT tag FROM feed.tagged t"
    " JOIN feed.entry e ON e.id = t.entry WHERE e.author = ANY($1)) ORDER BY tag",
}


async def kept(votewave: VoteWave, accounts: list[UUID]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in await votewave.sql(query, accounts)] for name, query in _KEPT.items()}


async def forget(votewave: VoteWave, accounts: list[UUID], gone: str) -> None:
    """Have Feed be as it was before it kept words, tags and Ripples; and before it had heard of one Wave at all."""
    mine = "SELECT id FROM feed.entry WHERE author = ANY($1)"
    for statement in (
        f"DELETE FROM feed.topic WHERE tag IN (SELECT tag FROM feed.tagged WHERE entry IN ({mine}))",
        f"DELETE FROM feed.tagged WHERE entry IN ({mine})",
        "UPDATE feed.entry SET words = '' WHERE author = ANY($1)",
        "DELETE FROM feed.ripple WHERE account = ANY($1)",
    ):
        await votewave.sql(statement, accounts)
    await votewave.sql("DELETE FROM feed.entry WHERE id = $1", UUID(gone))
    await votewave.sql("DELETE FROM feed.taken_over")


async def test_words_tags_and_ripples_of_long_ago_come_back_as_they_were(
    ada: Reader, ben: Reader, votewave: VoteWave, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_over, "_IN_TRANSACTION", 2)
    word, tag = f"word{uuid4().hex[:12]}", f"tag{uuid4().hex[:12]}"
    waves = [await say(ada, f"{word} and {number} #{tag}{number}") for number in range(5)]
    quiet = await ada.http.post(
        "/v1/expressions/waves", json={"text": f"{word} among us", "visibility": "followers"}, headers=ada.headers
    )
    assert quiet.status_code == 201, quiet.text
    for wave in waves[:3]:
        await ripple(ben, wave)
    await ripple(ben, waves[0], "DELETE")
    accounts = [UUID(ada.account), UUID(ben.account)]

    async def heard() -> bool:
        found = await kept(votewave, accounts)
        shown = [row for row in found["ripple"] if row[5]]
        return (len(found["entry"]), len(found["tagged"]), len(shown)) == (6 + 1, 5, 2)

    await eventually(heard)
    before = await kept(votewave, accounts)
    await forget(votewave, accounts, gone=waves[4])
    assert await ben.titles("/search/waves", q=word) == []
    assert (await ben.feed(f"/tags/{tag}1"))["items"] == []

    # Two at once, one of which is cut short on the way.
    kit = feed.kit
    two = [taking_over.TakingOver(kit, feed.keep_waves_anew) for _ in range(2)]
    taken = two[0]._take

    async def broken(page: Any, after: UUID) -> UUID:
        await taken(page[: len(page) // 2], after)
        raise ConnectionError

    monkeypatch.setattr(two[0], "_take", broken)
    told = await asyncio.gather(*(one.run() for one in two), return_exceptions=True)
    assert [type(one) for one in told] == [ConnectionError, type(None)]
    # A Ripple that was taken back is gone for good where it was made, so nothing is told of it.
    expected = {**before, "ripple": [row for row in before["ripple"] if row[5]]}
    expected["entry"] = [row for row in before["entry"] if row[5] != "nobody"]
    found = await kept(votewave, accounts)
    found["entry"] = [row for row in found["entry"] if row[5] != "nobody"]
    assert found == expected
    assert sorted(await ben.titles("/search/waves", q=word)) == [
        f"{word} and {number} #{tag}{number}" for number in range(5)
    ]
    assert [row["done"] for row in await votewave.sql("SELECT done FROM feed.taken_over")] == [True]

    # Done is done: nothing is asked for again.
    await votewave.sql("DELETE FROM feed.ripple WHERE account = $1", accounts[1])
    await taking_over.TakingOver(kit, feed.keep_waves_anew).run()
    assert (await kept(votewave, accounts))["ripple"] == []


async def test_what_others_arent_told_of_isnt_taken_over(
    ada: Reader, ben: Reader, votewave: VoteWave, feed: Feed
) -> None:
    word = f"word{uuid4().hex[:12]}"
    wave = await say(ada, f"{word} is hidden")
    shown = await say(ada, f"{word} is shown")
    await eventually(lambda: _found(ben, word, 2))
    await votewave.sql("UPDATE expressions.wave SET hidden_as = 'moderator' WHERE id = $1", UUID(wave))
    await votewave.sql("DELETE FROM feed.entry WHERE author = $1", UUID(ada.account))
    await votewave.sql("DELETE FROM feed.taken_over")
    await taking_over.TakingOver(feed.kit, feed.keep_waves_anew).run()
    assert [entry["id"] for entry in (await ben.feed("/search/waves", q=word))["items"]] == [shown]


async def _found(who: Reader, word: str, number: int) -> bool:
    return len(await who.titles("/search/waves", q=word)) == number
