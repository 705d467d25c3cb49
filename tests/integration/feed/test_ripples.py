"""What those whom somebody follows share on is at home, once in a week, for as long as it may be seen."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from services.core.events.outbox import Event
from services.core.ids import new_id
from services.feed.events import BlockChanged, MuteChanged, TagChanged, WaveChanged
from services.feed.models import Less
from services.feed.repository.wishes import WishRepository
from services.feed.service import Feed
from tests.conftest import eventually
from tests.integration.inside import statements_of

from .conftest import Reader, reader
from .test_feed_events import BEGAN, follow_of, hear, home_of, person_of, whole
from .test_waves import say
from .test_wishes import subject_of, wish

WEEK = timedelta(days=7)


async def ripple(person: Reader, wave: str, method: str = "PUT") -> None:
    answer = await person.http.request(method, f"/v1/expressions/waves/{wave}/ripple", headers=person.headers)
    assert answer.status_code in {200, 204}, answer.text


async def brought_up(who: Reader, **query: Any) -> list[tuple[str, str | None, int | None]]:
    """Return what is at somebody's home, with who brings it up and how many others do."""
    rows = (await who.feed("/home", **query))["items"]
    by = [row["rippled"] or {"by": {"id": None}, "others": None} for row in rows]
    return [(row["text"], one["by"]["id"], one["others"]) for row, one in zip(rows, by, strict=True)]


async def until(who: Reader, *expected: tuple[str, str | None, int | None]) -> None:
    """Wait until this is at somebody's home."""

    async def same() -> bool:
        return await brought_up(who) == list(expected)

    try:
        await eventually(same)
    except AssertionError:
        assert await brought_up(who) == list(expected)  # says what is different
    assert sorted(await brought_up(who, order="ranked"), key=str) == sorted(expected, key=str)


async def test_what_is_shared_on_comes_once_and_goes_when_it_is_taken_back(
    ada: Reader, ben: Reader, cleo: Reader, client: httpx.AsyncClient
) -> None:
    dora = await reader(client)
    await ada.follow(ben)
    await ada.follow(cleo)
    wave = await say(dora, "Worth it")
    await ripple(ben, wave)
    await until(ada, ("Worth it", ben.account, 0))
    await ripple(cleo, wave)
    await until(ada, ("Worth it", ben.account, 1))
    assert wave not in [entry["id"] for entry in (await ben.feed("/home"))["items"]]  # who shared it on has seen it
    assert (await dora.feed("/home"))["items"][0]["rippled"] is None
    await ripple(ben, wave, "DELETE")
    await until(ada, ("Worth it", cleo.account, 0))
    await wish(ada, "PUT", f"/hidden/{wave}")
    assert await brought_up(ada) == []
    await wish(ada, "DELETE", f"/hidden/{wave}")
    assert await brought_up(ada) == [("Worth it", cleo.account, 0)]
    await dora.make(private=True)
    await until(ada)
    await dora.make(private=False)
    await until(ada, ("Worth it", cleo.account, 0))
    await ripple(ada, wave)
    await until(ada)
    await ripple(ada, wave, "DELETE")
    await until(ada, ("Worth it", cleo.account, 0))
    assert (await dora.http.delete(f"/v1/expressions/waves/{wave}", headers=dora.headers)).status_code == 204
    await until(ada)


def wave_of(author: UUID, after: timedelta, text: str = "Something", **more: Any) -> WaveChanged:
    told: dict[str, Any] = {"wave": new_id(), "version": 1, "ripple_of": None, "visibility": "public", **more}
    return WaveChanged(author=author, text=text, created_at=BEGAN + after, deleted=False, **told)


def ripple_of(account: UUID, wave: WaveChanged, after: timedelta) -> WaveChanged:
    return wave_of(account, after, "", ripple_of=wave.wave)


async def a_circle(feed: Feed, number: int) -> tuple[UUID, list[UUID]]:
    """Return somebody and so many whom they follow."""
    me, others = new_id(), [new_id() for _ in range(number)]
    await hear(feed, *map(person_of, others))
    await hear(feed, *(follow_of(me, other, version) for version, other in enumerate(others, 1)))
    return me, others


async def test_it_comes_up_again_after_a_week(feed: Feed) -> None:
    me, (ben, cleo) = await a_circle(feed, 2)
    wave = wave_of(new_id(), timedelta())
    first = ripple_of(ben, wave, timedelta(days=1))
    await hear(feed, wave, ripple_of(cleo, wave, timedelta(days=8, seconds=-1)), first)
    assert await whole(feed, me) == [wave.wave]
    again = ripple_of(ben, wave, timedelta(days=20))
    await hear(feed, again)
    assert await whole(feed, me, 1) == [wave.wave, wave.wave]
    items = (await home_of(feed, me)).items
    assert [item.rippled and item.rippled.at for item in items] == [again.created_at, first.created_at]


async def test_what_was_there_by_itself_isnt_brought_up(feed: Feed) -> None:
    me, (ben, cleo) = await a_circle(feed, 2)
    followed, tagged = wave_of(cleo, timedelta()), wave_of(new_id(), timedelta(), hashtags=[f"t{me.hex}"])
    await hear(feed, TagChanged(account=me, tag=f"t{me.hex}", followed=True, version=1), followed, tagged)
    shared = [ripple_of(ben, wave, timedelta(days=6)) for wave in (followed, tagged)]
    await hear(feed, *shared)
    assert sorted(await whole(feed, me)) == sorted([followed.wave, tagged.wave])
    assert not any(item.rippled for item in (await home_of(feed, me)).items)


@pytest.mark.parametrize("whose", ["author", "rippler"])
@pytest.mark.parametrize("what", ["block", "blocked", "mute", "less", "deleted", "limited"])
async def test_whom_one_doesnt_want_to_see_brings_nothing_up_and_stands_in_nobodys_way(
    feed: Feed, what: str, whose: str
) -> None:
    me, (ben, cleo) = await a_circle(feed, 2)
    author = new_id()
    wave = wave_of(author, timedelta())
    first, second = ripple_of(ben, wave, timedelta(1)), ripple_of(cleo, wave, timedelta(2))
    await hear(feed, person_of(author), wave, first, second)
    assert [item.rippled and item.rippled.by.id for item in (await home_of(feed, me)).items] == [ben]
    who, theirs = (author, wave) if whose == "author" else (ben, first)
    events: dict[str, Event] = {
        "block": BlockChanged(account=me, other=who, blocked=True, version=1),
        "blocked": BlockChanged(account=who, other=me, blocked=True, version=1),
        "mute": MuteChanged(account=me, other=who, muted=True, version=1),
        "deleted": person_of(who, 2, deleted=True),
        "limited": msgspec.structs.replace(theirs, version=2, visibility="mentioned"),
    }
    order = [item.rippled for item in (await feed.reading.ranked(subject_of(me), None, 20)).items]
    assert len(order) == 1
    if what == "less":
        async with feed.kit.db.transaction() as session:
            await WishRepository(session).add_one(me, Less.other, who, 10)
    else:
        await hear(feed, events[what])
    expected = [] if whose == "author" else [cleo]
    for page in (await home_of(feed, me), await feed.reading.ranked(subject_of(me), None, 20)):
        assert [item.rippled and item.rippled.by.id for item in page.items] == expected
        assert [item.rippled and item.rippled.others for item in page.items] == [0] * len(expected)


async def test_a_frozen_order_leaves_out_what_is_shared_on_no_longer(feed: Feed) -> None:
    me, (ben, cleo) = await a_circle(feed, 2)
    waves = [wave_of(new_id(), timedelta()) for _ in range(3)]
    shared = [ripple_of(ben, wave, timedelta(minutes=number)) for number, wave in enumerate(waves)]
    await hear(feed, *waves, *shared, wave_of(cleo, timedelta(hours=1)))
    first = await feed.reading.ranked(subject_of(me), None, 1)
    assert first.next is not None
    await hear(feed, msgspec.structs.replace(shared[1], version=2, deleted=True))
    rest = await feed.reading.ranked(subject_of(me), first.next, 100)
    things = {item.id for item in [*first.items, *rest.items]}
    assert things & {wave.wave for wave in waves} == {waves[0].wave, waves[2].wave}
    assert rest.next is None


def history(dice: random.Random, people: Sequence[UUID]) -> list[Event]:
    """Return what some people write and share on in a month, in the order in which they do."""
    versions = iter(range(1, 10_000))
    pairs = [(one, other) for one in people for other in people if one != other]
    events: list[Event] = [person_of(person) for person in people]
    events += [follow_of(*pair, next(versions)) for pair in dice.sample(pairs, len(pairs) // 2)]
    waves: list[WaveChanged] = []
    ripples: dict[tuple[UUID, UUID], WaveChanged] = {}
    for hours in range(0, 30 * 24, 5):
        one, after = dice.choice(people), timedelta(hours=hours)
        if not waves or dice.random() < 0.2:
            waves.append(wave_of(one, after))
            events.append(waves[-1])
            continue
        wave = dice.choice(waves[-6:])
        mine = ripples.pop((one, wave.wave), None)
        if mine is None:
            mine = ripples[one, wave.wave] = ripple_of(one, wave, after)
            events.append(mine)
        else:
            events.append(msgspec.structs.replace(mine, version=2, deleted=True))
        if dice.random() < 0.1:
            pair = dice.choice(pairs)
            events.append(
                MuteChanged(account=pair[0], other=pair[1], muted=dice.random() < 0.7, version=next(versions))
            )
    return events


def expected_of(events: Sequence[Event], me: UUID) -> list[UUID]:
    """Return what a home feed has, as the rule says it: each against each."""
    follows = {
        event.followee for event in events if isinstance(event, type(follow_of(me, me, 1))) and event.follower == me
    }
    muted = {event.other: event.muted for event in events if isinstance(event, MuteChanged) and event.account == me}
    wanted = {one for one in follows if not muted.get(one)}
    told = {event.wave: event for event in events if isinstance(event, WaveChanged)}
    standing = sorted((one for one in told.values() if not one.deleted), key=lambda one: one.created_at)
    shared = {one.ripple_of for one in standing if one.author == me and one.ripple_of}
    shown: list[tuple[Any, UUID]] = []
    seen: dict[UUID, list[Any]] = {}
    for one in standing:
        thing = told[one.ripple_of] if one.ripple_of else one
        if one.ripple_of is None and one.author in {me, *wanted}:
            shown.append((one.created_at, one.wave))
        elif one.ripple_of and one.author in wanted and not muted.get(thing.author) and thing.author != me:
            lately = [at for at in seen.get(thing.wave, []) if at > one.created_at - WEEK]
            if not lately and thing.wave not in shared:
                shown.append((one.created_at, thing.wave))
        else:
            continue
        seen.setdefault(thing.wave, []).append(one.created_at)
    return [thing for _, thing in reversed(shown)]


@pytest.mark.parametrize("seed", range(3))
async def test_doubled_and_late_events_leave_what_the_rule_says(feed: Feed, seed: int) -> None:
    dice = random.Random(seed)
    people = [new_id() for _ in range(5)]
    events = history(dice, people)
    expected = [expected_of(events, person) for person in people]
    assert max(map(len, expected)) > 15
    told = [*events, *dice.sample(events, len(events) // 2)]
    dice.shuffle(told)
    await hear(feed, *told)
    for limit in (1, 7, 100):
        assert [await whole(feed, person, limit) for person in people] == expected


async def test_a_page_of_many_that_are_shared_on_takes_two_statements(feed: Feed) -> None:
    me, others = await a_circle(feed, 10)
    waves = [wave_of(new_id(), timedelta(minutes=number)) for number in range(10)]
    shared = [ripple_of(other, wave, timedelta(hours=1)) for other, wave in zip(others, waves, strict=True)]
    await hear(feed, *(person_of(wave.author) for wave in waves), *waves, *shared)
    with statements_of(feed.kit.db.engine) as statements:
        assert len((await home_of(feed, me)).items) == 10
    assert len(statements) == 2, statements
