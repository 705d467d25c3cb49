"""What Waves said before a filter is held against it, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from services.core.ids import new_id
from services.expressions.events import FilterChanged
from services.expressions.models import Wave
from services.expressions.repository import FilterRepository, WaveRepository
from services.expressions.service import Expressions
from tests.conftest import VoteWave, eventually

from .conftest import Author, told
from .test_images import ready
from .test_moderating_waves import case_of, decide, moderator, ripples_of

__all__ = ["moderator"]
_PATIENCE = 20


def a_word() -> str:
    return "x" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])


@asynccontextmanager
async def filtered(moderator: Author, votewave: VoteWave, words: str) -> AsyncIterator[None]:
    """Have words filtered meanwhile, and Waves from before held against them."""
    headers = moderator.headers
    added = await moderator.http.post("/v1/comments/filters", json={"words": words}, headers=headers)
    assert added.status_code == 201, added.text
    filter_id = added.json()["id"]
    await through(votewave, UUID(filter_id))
    try:
        yield
    finally:
        assert (await moderator.http.delete(f"/v1/comments/filters/{filter_id}", headers=headers)).status_code == 204

        async def forgotten() -> bool:
            rows = await votewave.sql("SELECT removed FROM expressions.filter WHERE id = $1", UUID(filter_id))
            return [row["removed"] for row in rows] == [True]

        await eventually(forgotten, _PATIENCE)


async def through(votewave: VoteWave, filter_id: UUID) -> None:
    async def done() -> bool:
        rows = await votewave.sql('SELECT "left" FROM expressions.filter WHERE id = $1', filter_id)
        return [row["left"] for row in rows] == [False]

    await eventually(done, _PATIENCE)


async def test_waves_from_before_a_filter_wait_for_a_moderator_as_new_ones_do(
    ada: Author, ben: Author, cleo: Author, moderator: Author, votewave: VoteWave
) -> None:
    word = a_word()
    wave = (await ada.say(f"Have a {word}!"))["id"]
    image = await ready(ada)
    shown = (await ada.say("A picture", images=[{"image": image, "description": f"The {word}."}]))["id"]
    original = (await ada.say("Hear me"))["id"]
    ripple = (await ben.say("\u200b".join(word), ripple_of=original))["id"]
    beside = (await ada.say(f"un{word}"))["id"]
    bare = (await cleo.waves("PUT", f"/{wave}/ripple")).json()["mine"]["ripple"]
    assert await ripples_of(original, cleo) == 1
    async with filtered(moderator, votewave, word):
        for one, author in ((wave, ada), (shown, ada), (ripple, ben)):
            assert await cleo.sees(one) is None
            assert (await author.sees(one) or {})["state"] == "hidden", "its author sees that it waits"
            assert (await case_of(moderator, one) or {})["matched"] == word
            events = await told(votewave, "expressions.wave.changed", one)
            assert [(event["visibility"], event["version"]) for event in events] == [("public", 1), ("mentioned", 2)]
            moderated = await told(votewave, "expressions.wave.moderated", one)
            assert [(event["hidden"], event["version"]) for event in moderated] == [(True, 2)]
        assert await ripples_of(original, cleo) == 0
        assert await ben.sees(bare) is None, "what shares it on without words is nothing without it"
        assert (await cleo.sees(beside) or {})["state"] == "shown"
        case = await case_of(moderator, wave) or {}
        assert (await decide(moderator, case["id"], "restored")).status_code == 204
    assert await cleo.sees(wave) is not None
    assert await cleo.sees(ripple) is None, "without the filter it waits all the same"
    async with filtered(moderator, votewave, word):
        assert await cleo.sees(wave) is not None, "the same words ask nothing new"
    for one in (shown, ripple):
        assert (await decide(moderator, (await case_of(moderator, one) or {})["id"], "restored")).status_code == 204
    assert await ripples_of(original, cleo) == 1


async def test_what_is_written_while_limited_is_looked_at_when_others_see_it_again(
    ada: Author, ben: Author, moderator: Author, votewave: VoteWave
) -> None:
    word = a_word()
    path = f"/v1/comments/limits/{ada.account}"
    body = {"reason": "Insults."}
    first = (await ada.say("Good morning"))["id"]
    assert (await moderator.http.put(path, json=body, headers=moderator.headers)).status_code == 204
    await ben.finds(first, there=False)
    waves = [(await ada.say(text))["id"] for text in (f"One {word}", "Between", f"Two {word}", "Good night")]
    async with filtered(moderator, votewave, word):
        assert await case_of(moderator, waves[0]) is None, "they would have to look at it again and again"
        assert (await moderator.http.delete(path, headers=moderator.headers)).status_code == 204

        async def back() -> bool:
            rows = await votewave.sql('SELECT "left" FROM expressions.limited WHERE account = $1', UUID(ada.account))
            found = [await ben.sees(wave) is not None for wave in (first, *waves)]
            return [row["left"] for row in rows] == [False] and found == [True, False, True, False, True]

        await eventually(back, _PATIENCE)
        for wave in (waves[0], waves[2]):
            assert (await case_of(moderator, wave) or {})["matched"] == word
            assert (await ada.sees(wave) or {})["state"] == "hidden"
            assert {one["visibility"] for one in await told(votewave, "expressions.wave.changed", wave)} == {
                "mentioned"
            }, "others never heard of it"
    assert [one["visibility"] for one in await told(votewave, "expressions.wave.changed", waves[3])][-1] == "public"


async def test_a_wave_that_is_published_while_a_filter_arrives_doesnt_escape(
    ada: Author, ben: Author, votewave: VoteWave, expressions: Expressions
) -> None:
    """Whoever has checked a text without the filter is waited for, so that the round finds what they commit."""
    word, filter_id = a_word(), new_id()
    wave = (await ada.say("Harmless."))["id"]

    async def hear(*, removed: bool) -> None:
        words = "" if removed else word
        event = FilterChanged(filter=filter_id, words=words, key=words, removed=removed)
        async with expressions.kit.db.transaction() as session:
            await expressions.moderating.on_filter_changed(session, event)

    async with expressions.kit.db.transaction() as session:
        await FilterRepository(session).share()
        assert word not in await FilterRepository(session).words()
        hearing = asyncio.create_task(hear(removed=False))

        async def waits() -> bool:
            return bool(await votewave.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))

        await eventually(waits, _PATIENCE)
        assert not hearing.done()
        await WaveRepository(session).change(UUID(wave), text=f"Have a {word}", version=Wave.version + 1)
    await hearing
    try:
        await through(votewave, filter_id)
        assert await ben.sees(wave) is None
    finally:
        await hear(removed=True)


async def test_publishing_editing_and_sharing_on_go_on_while_filters_come_and_go(
    ada: Author, ben: Author, moderator: Author, votewave: VoteWave
) -> None:
    """Nobody waits for somebody who waits for them, and none that has the words is shown in the end."""
    word = a_word()
    original = (await ada.say("Hear me"))["id"]
    ripples = [(await ben.say("Listen", ripple_of=original))["id"] for _ in range(5)]

    async def edit(wave: str) -> int:
        return (await ben.waves("PATCH", f"/{wave}", json={"text": f"Listen, {word}"})).status_code

    async def share() -> str:
        return str((await ada.say(f"Hear, {word}", ripple_of=original))["id"])

    async def noise() -> None:
        for _ in range(5):
            async with filtered(moderator, votewave, a_word()):
                pass

    async with filtered(moderator, votewave, a_word()):
        others = asyncio.create_task(noise())
        edited = asyncio.gather(*(edit(wave) for wave in ripples))
        shared = asyncio.gather(*(share() for _ in range(5)))
        async with filtered(moderator, votewave, word):
            assert set(await edited) == {200}
            for wave in ripples:
                await ada.finds(wave, there=False)
            for wave in await shared:
                await ben.finds(wave, there=False)
            assert await ripples_of(original, ben) == 0
        await others
