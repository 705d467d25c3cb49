"""Reads: cached and never stale, conditional, listed without gaps."""

import asyncio
import time
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from tests.conftest import VoteWave

from .conftest import Person, after


async def test_an_unchanged_poll_isnt_sent_again(owner: Person, anybody: Person) -> None:
    poll = await owner.create(publish=True)
    first = await anybody.read(poll)
    etag = first.headers["etag"]
    again = await anybody.read(poll, If_None_Match=f'"x", W/{etag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    await owner.edit(poll, title="Other")
    changed = await anybody.read(poll, If_None_Match=etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_a_poll_that_closes_is_another_answer_although_nobody_touched_it(owner: Person, anybody: Person) -> None:
    poll = await owner.create(publish=True, closes_at=after(0.5))
    etag = (await anybody.read(poll)).headers["etag"]
    await asyncio.sleep(0.6)
    answer = await anybody.read(poll, If_None_Match=etag)
    assert answer.status_code == 200
    assert answer.json()["status"] == "closed"


async def test_reading_a_poll_again_says_the_same_and_leaves_nothing_of_it_in_redis(
    owner: Person, anybody: Person, votewave: VoteWave
) -> None:
    """What users can size mustn't take the memory that throttles and revocations are kept in."""
    title = f"Ünïcode 🗳 {uuid4()}"
    poll = await owner.create(publish=True, title=title)
    first, second = await anybody.read(poll), await anybody.read(poll)
    assert first.content == second.content
    redis: Redis = Redis.from_url(votewave.redis_url)
    try:
        texts = [key async for key in redis.scan_iter(_type="STRING")]
        assert texts
        assert not any([title.encode() in (await redis.get(key) or b"") for key in texts])
    finally:
        await redis.aclose()


async def test_no_reader_ever_sees_less_than_an_editor_was_promised(owner: Person, anybody: Person) -> None:
    poll = await owner.create(publish=True, opens_at=after(3600))
    promised = 1
    editing = True

    async def edit() -> None:
        nonlocal promised, editing
        for number in range(40):
            answer = await owner.edit(poll, rules={"minimum": number + 1})
            assert answer.status_code == 200
            promised = answer.json()["version"]
        editing = False

    async def read() -> int:
        seen = reads = 0
        while editing:
            least = promised
            answer = await anybody.read(poll)
            shown = answer.json()
            assert shown["version"] >= max(least, seen), "a stale poll was shown"
            assert answer.headers["etag"].startswith(f'"{shown["version"]}-scheduled-')
            assert shown["rules"]["minimum"] == max(0, shown["version"] - 1), "rules of another version"
            seen = shown["version"]
            reads += 1
        return reads

    _, *reads = await asyncio.gather(edit(), *(read() for _ in range(6)))
    assert sum(reads) > 100


async def test_without_redis_polls_are_read_all_the_same(owner: Person, anybody: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True)
    redis: Redis = Redis.from_url(votewave.redis_url)
    try:
        await redis.execute_command("CLIENT", "PAUSE", "1500", "ALL")
        started = time.monotonic()
        answers = [await anybody.read(poll) for _ in range(5)]
        assert time.monotonic() - started < 1
    finally:
        await redis.aclose()
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json() == poll


async def everything(person: Person, query: str, meanwhile: Any = None) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = (await person.call("GET", f"?{query}&limit=3{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"
        if meanwhile is not None:
            await meanwhile()


async def test_a_list_has_no_gaps_and_no_repeats_while_others_are_added(owner: Person, anybody: Person) -> None:
    drafts = [await owner.create(title=f"Draft {number}") for number in range(3)]
    polls = [await owner.create(publish=True, title=f"Poll {number}") for number in range(8)]

    async def add() -> None:
        if drafts:
            # An old draft is published: newer in the list than anything before it.
            await owner.act(drafts.pop(), "publish")
        else:
            await owner.create(publish=True)

    expected = [poll["id"] for poll in reversed(polls)]
    assert await everything(anybody, f"owner={owner.account}", add) == expected
    mine = await everything(owner, "mine=true", owner.create)
    assert len(mine) == len(set(mine))
    assert set(expected) <= set(mine)


async def test_lists_go_by_the_status_of_the_moment(owner: Person, anybody: Person) -> None:
    made = {
        "scheduled": await owner.create(publish=True, opens_at=after(3600)),
        "open": await owner.create(publish=True),
        "closed": await owner.create(publish=True, closes_at=after(0.3)),
        "archived": await owner.create(publish=True),
        "draft": await owner.create(),
    }
    await owner.act(made["archived"], "close")
    await owner.act(made["archived"], "archive")
    await asyncio.sleep(0.4)
    for status, poll in made.items():
        public = (await anybody.call("GET", f"?owner={owner.account}&status={status}")).json()["items"]
        mine = (await owner.call("GET", f"?mine=true&status={status}")).json()["items"]
        assert [(item["id"], item["status"]) for item in mine] == [(poll["id"], status)]
        assert public == ([] if status == "draft" else mine)
    listed = (await anybody.call("GET", f"?owner={owner.account}")).json()["items"]
    assert {item["status"] for item in listed} == {"scheduled", "open", "closed"}


async def test_strange_queries_are_malformed(anybody: Person) -> None:
    for query in ("cursor=x", "cursor=ImEi", "limit=0", "limit=101", "limit=x", "status=x", "owner=x", "mine=2"):
        answer = await anybody.call("GET", f"?{query}")
        assert answer.status_code == 400, query
        assert answer.headers["content-type"].startswith("application/problem+json")
    for path in ("/by-code/x", "/by-code/00000000", "/by-code/%00", f"/by-code/{'7' * 2000}"):
        assert (await anybody.call("GET", path)).status_code == 404
