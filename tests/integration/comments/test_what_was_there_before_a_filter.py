"""What was written before a filter is held against it, whatever happens meanwhile."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.comments.models import Comment, Filter, FilterRound
from services.comments.repository import CommentRepository, FilterRepository, RoundRepository, ThreadRepository
from services.comments.service import Comments
from services.core.cases.filters import Step
from services.core.ids import new_id
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of

from .conftest import Speaker, comments_of, recounted
from .test_reports import case_of, moderator

__all__ = ["moderator"]
_PATIENCE = 20


def a_word() -> str:
    return "x" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])


@pytest.fixture
async def comments(votewave: VoteWave) -> AsyncIterator[Comments]:
    async with comments_of(votewave) as comments:
        yield comments


async def add(moderator: Speaker, words: str) -> str:
    answer = await moderator.at("POST", "/filters", json={"words": words})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def through(votewave: VoteWave, filter_id: str) -> None:
    """Wait until all comments were held against a filter."""

    async def done() -> bool:
        rows = await votewave.sql('SELECT "left" FROM comments.filter WHERE id = $1', UUID(filter_id))
        return [row["left"] for row in rows] == [False]

    await eventually(done, _PATIENCE)


async def decide(moderator: Speaker, comment: str, outcome: str) -> None:
    case = await case_of(moderator, comment)
    assert case is not None
    body = {"outcome": outcome, "reason": "It is a boat's name."}
    await moderator.done("PUT", f"/cases/{case['id']}/decision", json=body)


async def states_told(votewave: VoteWave, comment: str) -> list[str]:
    rows = await votewave.sql(
        "SELECT payload FROM comments.outbox WHERE kind = 'comments.comment.changed' ORDER BY position"
    )
    return [event["state"] for row in rows if (event := json.loads(row["payload"]))["comment"] == comment]


async def test_comments_from_before_a_filter_wait_for_a_moderator_as_new_ones_do(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, votewave: VoteWave, thread: str
) -> None:
    word = a_word()
    written = {
        "plain": f"Have a {word}!",
        "invisible": "Have a " + "\u200b".join(word),
        "wide": "".join(chr(ord(letter) + 0xFEE0) for letter in word),
    }
    found = {name: await ben.say(thread, text) for name, text in written.items()}
    beside = await ben.say(thread, f"un{word} {word}s .*")
    below = await cleo.say(thread, "And below?", found["plain"])
    hidden = await ben.say(thread, f"{word} is hidden by the owner")
    await ada.done("PUT", f"/{hidden}/hidden", json={"reason": "Mine."})
    gone = await ben.say(thread, f"{word} is deleted")
    await ben.done("DELETE", f"/{gone}")
    filter_id = await add(moderator, word.upper())
    try:
        await through(votewave, filter_id)
        assert ((await cleo.read(found["plain"]))["text"], await cleo.listed(f"/threads/{thread}/comments")) == (
            None,
            [f"un{word} {word}s .*", "[hidden]"],
        ), "it stands where it was, for the sake of its answer"
        for comment in found.values():
            assert comment == found["plain"] or (await cleo.at("GET", f"/{comment}")).status_code == 404
            assert (await ben.read(comment))["state"] == "hidden", "its author sees that it waits"
            case = await case_of(moderator, comment)
            assert case is not None
            assert (case["matched"], case["reports"]) == (word.upper(), 0)
            assert await states_told(votewave, comment) == ["shown", "hidden"]
        assert (await cleo.read(below))["state"] == "shown"
        assert (await cleo.read(beside))["state"] == "shown", "parts of words aren't looked for"
        assert await case_of(moderator, hidden) is None
        assert await case_of(moderator, gone) is None
        await recounted(votewave, thread)

        # What others hid doesn't get past it either.
        await ada.done("DELETE", f"/{hidden}/hidden")
        assert (await cleo.at("GET", f"/{hidden}")).status_code == 404
        assert (await case_of(moderator, hidden) or {})["matched"] == word.upper()
        assert kind_of(await ada.at("DELETE", f"/{hidden}/hidden")) == (403, "forbidden")
        await recounted(votewave, thread)
    finally:
        await moderator.done("DELETE", f"/filters/{filter_id}")


async def test_what_was_said_about_a_poll_that_is_gone_waits_for_nobody(
    ada: Speaker, ben: Speaker, moderator: Speaker, votewave: VoteWave, thread: str
) -> None:
    word = a_word()
    comment = await ben.say(thread, f"Have a {word}")
    assert (await ada.http.delete(f"/v1/polls/{thread}", headers=ada.headers)).is_success

    async def gone() -> bool:
        rows = await votewave.sql("SELECT deleted FROM comments.thread WHERE id = $1", UUID(thread))
        return [row["deleted"] for row in rows] == [True]

    await eventually(gone, _PATIENCE)
    filter_id = await add(moderator, word)
    await through(votewave, filter_id)
    await moderator.done("DELETE", f"/filters/{filter_id}")
    assert await votewave.sql("SELECT 1 FROM comments.moderation_case WHERE comment = $1", UUID(comment)) == []


async def test_what_moderators_have_decided_stays_decided(
    ben: Speaker, cleo: Speaker, moderator: Speaker, votewave: VoteWave, thread: str
) -> None:
    word, other = a_word(), a_word()
    kept = await ben.say(thread, f"{word} is a boat, {other} another one")
    hidden = await ben.say(thread, f"{word} again")
    shown = await ben.say(thread, f"{word} once more")
    filter_id = await add(moderator, word)
    await through(votewave, filter_id)
    await decide(moderator, kept, "restored")
    await decide(moderator, hidden, "hidden")
    await moderator.done("DELETE", f"/{shown}/hidden")
    assert await case_of(moderator, shown) is None, "a moderator who shows it again has decided"
    await moderator.done("DELETE", f"/filters/{filter_id}")
    assert (await cleo.at("GET", f"/{hidden}")).status_code == 404, "without the filter it stays hidden"

    filter_id = await add(moderator, word)
    await through(votewave, filter_id)
    for comment in (kept, shown):
        assert (await cleo.read(comment))["state"] == "shown", "the same words ask nothing new"
    await moderator.done("DELETE", f"/filters/{filter_id}")

    filter_id = await add(moderator, other)
    await through(votewave, filter_id)
    assert (await cleo.at("GET", f"/{kept}")).status_code == 404, "other words do"
    assert (await case_of(moderator, kept) or {})["matched"] == other
    await moderator.done("DELETE", f"/filters/{filter_id}")
    await decide(moderator, kept, "restored")
    await recounted(votewave, thread)


async def test_what_is_written_while_limited_is_looked_at_when_others_see_it_again(
    ben: Speaker, cleo: Speaker, moderator: Speaker, votewave: VoteWave, thread: str
) -> None:
    word = a_word()
    path = f"/limits/{ben.account}"
    assert (await moderator.at("PUT", path, json={"reason": "Insults."})).status_code == 204
    bad, good = await ben.say(thread, f"Have a {word}"), await ben.say(thread, "Good morning")
    filter_id = await add(moderator, word)
    try:
        await through(votewave, filter_id)
        assert await case_of(moderator, bad) is None, "they would have to look at it again and again"
        assert (await ben.read(bad))["state"] == "shown"
        assert (await moderator.at("DELETE", path)).status_code == 204

        async def back() -> bool:
            return (await cleo.at("GET", f"/{good}")).status_code == 200 and await case_of(moderator, bad) is not None

        await eventually(back, _PATIENCE)
        assert (await cleo.at("GET", f"/{bad}")).status_code == 404
        assert (await ben.read(bad))["state"] == "hidden"
        await recounted(votewave, thread)
    finally:
        await moderator.done("DELETE", f"/filters/{filter_id}")


async def test_what_is_written_while_a_filter_is_added_doesnt_escape(
    ben: Speaker, cleo: Speaker, moderator: Speaker, votewave: VoteWave, comments: Comments, thread: str
) -> None:
    """Whoever has checked a text without the filter is waited for, so that the round finds what they commit."""
    word = a_word()
    comment = await ben.say(thread, "Harmless.")
    async with comments.kit.db.transaction() as session:
        await FilterRepository(session).share()
        assert word not in await FilterRepository(session).words()
        adding = asyncio.create_task(add(moderator, word))

        async def waits() -> bool:
            rows = await votewave.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return bool(rows)

        await eventually(waits, _PATIENCE)
        await ThreadRepository(session).lock(UUID(thread))
        await CommentRepository(session).change(UUID(comment), text=f"Have a {word}", version=Comment.version + 1)
    filter_id = await adding
    try:
        await through(votewave, filter_id)
        assert (await cleo.at("GET", f"/{comment}")).status_code == 404
    finally:
        await moderator.done("DELETE", f"/filters/{filter_id}")


async def test_looking_twice_puts_something_before_moderators_once(
    ben: Speaker, moderator: Speaker, votewave: VoteWave, comments: Comments, thread: str
) -> None:
    word = a_word()
    comment = await ben.say(thread, f"Have a {word}")
    filter_id = await add(moderator, word)
    try:
        await asyncio.gather(*(comments.rounds.look_again(UUID(comment)) for _ in range(3)))
        await through(votewave, filter_id)
        assert await states_told(votewave, comment) == ["shown", "hidden"]
        rows = await votewave.sql("SELECT 1 FROM comments.moderation_case WHERE comment = $1", UUID(comment))
        assert len(rows) == 1
    finally:
        await moderator.done("DELETE", f"/filters/{filter_id}")


class _Undone(Exception):  # noqa: N818  (it isn't an error)
    """Ends a transaction that is to leave nothing."""


@pytest.mark.parametrize("seed", range(6))
async def test_each_filter_sees_each_text_whoever_is_killed_meanwhile(comments: Comments, seed: int) -> None:
    """Filters join at any time, steps are lost after a kill or done by two: none that is through has missed a text."""
    dice = random.Random(seed)
    texts = sorted(new_id() for _ in range(dice.randrange(12)))
    most = 3
    seen: dict[UUID, set[UUID]] = {}
    written = 0
    stale: list[tuple[Step, list[UUID], list[UUID]]] = []

    async def at_once(session: AsyncSession) -> tuple[Step, list[UUID], list[UUID]] | None:
        step = await RoundRepository(session).claim(0)
        assert step is not None
        left = [each.id for each in await FilterRepository(session).begin(step.after)]
        return step, left, [text for text in texts if text > step.after][:most]

    async def finish(session: AsyncSession, step: Step, left: list[UUID], read: list[UUID]) -> None:
        until = read[-1] if len(read) == most else None
        for each in left:
            seen[each].update(read)
        if await RoundRepository(session).advance(step, until):
            await FilterRepository(session).finish(left, step.after, until)

    async def one_more(session: AsyncSession) -> None:
        nonlocal written
        made: Any = Filter(id=new_id(), words=f"w{written}", key=f"{seed} {uuid4()}", told=True, left=True)
        await FilterRepository(session).add(made)
        seen[made.id] = set()
        written += 1

    with suppress(_Undone):
        async with comments.kit.db.transaction() as session:
            # Nobody else sees any of this: it is undone at the end.
            await session.execute(delete(FilterRound))
            await session.execute(update(Filter).values(left=False))
            await one_more(session)
            rounds = 0
            while await FilterRepository(session).are_left():
                rounds += 1
                assert rounds < 500, "it comes to an end"
                step, left, read = await at_once(session) or pytest.fail("nobody else is at it")
                if written < 6 and dice.random() < 0.3:
                    await one_more(session)
                chance = dice.random()
                if rounds < 300 and chance < 0.2:
                    continue  # killed
                if rounds < 300 and chance < 0.4:
                    stale.append((step, left, read))  # slow: it will say that it is done when others did it long ago
                    continue
                await finish(session, step, left, read)
                if stale and dice.random() < 0.5:
                    await finish(session, *stale.pop(dice.randrange(len(stale))))
            raise _Undone
    for each, looked_at in seen.items():
        assert looked_at == set(texts), each
