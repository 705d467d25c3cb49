"""Hiding, seeing less of somebody, and the home feed by rank, whose order stays as it was."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.core.problems import Problem
from services.feed.repository import rankings
from services.feed.service import Feed, wishing
from tests.conftest import eventually

from .conftest import Reader
from .test_feed_events import follow_of, hear, person_of, poll_of, whole
from .test_followed_tags import a_tag, follow_tag
from .test_waves import say


async def wish(person: Reader, method: str, path: str) -> None:
    answer = await person.http.request(method, f"/v1/feed{path}", headers=person.headers)
    assert answer.status_code == 204, answer.text


async def test_what_is_hidden_is_in_no_feed_of_mine(ada: Reader, ben: Reader, cleo: Reader) -> None:
    tag = a_tag()
    await ada.follow(ben)
    await follow_tag(ada, tag)
    wave = await say(ben, f"One #{tag}")
    await say(ben, f"Two #{tag}")
    shown, both = [f"Two #{tag}"], [f"Two #{tag}", f"One #{tag}"]
    for path in ("/home", f"/tags/{tag}"):
        await ada.sees(*both, path=path)
    for _ in range(2):
        await wish(ada, "PUT", f"/hidden/{wave}")
    for path in ("/home", f"/tags/{tag}"):
        assert await ada.titles(path) == shown
    assert await ada.titles("/home", order="ranked") == shown
    assert wave not in [entry["id"] for entry in (await ada.feed("/explore", limit=100))["items"]]
    assert wave in [entry["id"] for entry in (await cleo.feed("/explore", limit=100))["items"]]
    assert [item["id"] for item in (await ada.feed("/hidden"))["items"]] == [wave]
    assert (await cleo.feed("/hidden"))["items"] == []
    await wish(ada, "DELETE", f"/hidden/{wave}")
    assert await ada.titles("/home") == both


async def test_the_list_of_what_is_hidden_says_what_it_is_while_one_may_see_it(
    ada: Reader, ben: Reader, cleo: Reader
) -> None:
    await ada.follow(ben)
    poll, wave = await ben.publish("A poll"), await say(ben, "For followers", visibility="followers")
    await ada.sees("For followers", "A poll")
    for thing in (poll, wave, str(new_id())):
        await wish(ada, "PUT", f"/hidden/{thing}")
        await wish(cleo, "PUT", f"/hidden/{thing}")

    async def listed(who: Reader) -> list[str | None]:
        first = await who.feed("/hidden", limit=2)
        second = await who.feed("/hidden", limit=2, cursor=first["next"])
        assert second["next"] is None
        return [item["entry"] and item["entry"]["text"] for item in first["items"] + second["items"]]

    assert await listed(ada) == [None, "For followers", "A poll"]
    assert await listed(cleo) == [None, None, "A poll"]
    await ben.block(ada)

    async def nothing_is_said() -> bool:
        return await listed(ada) == [None] * 3

    await eventually(nothing_is_said)
    assert await listed(cleo) == [None, None, "A poll"]


async def test_of_whom_one_sees_less_it_is_the_last_of_each_day(feed: Feed) -> None:
    me, much, other = new_id(), new_id(), new_id()
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    moments = [noon + timedelta(days=day, hours=hour) for day in range(3) for hour in range(5)]
    polls = [msgspec.structs.replace(poll_of(much, 0), published_at=moment) for moment in moments]
    others = msgspec.structs.replace(poll_of(other, 0), published_at=noon)
    await hear(feed, *map(person_of, (much, other)), *polls, others)
    await hear(feed, follow_of(me, much, 1), follow_of(me, other, 2))
    subject = subject_of(me)
    assert len(await whole(feed, me)) == 16
    await feed.wishing.lessen(subject, much)
    lasts = [polls[14].poll, polls[9].poll, polls[4].poll]
    for limit in (1, 2, 100):
        assert await whole(feed, me, limit) == [*lasts, others.poll]
    await feed.wishing.hide(subject, polls[14].poll)
    assert (await whole(feed, me))[:2] == [polls[13].poll, polls[9].poll]
    assert [view.person.id for view in (await feed.wishing.lessened(subject, None, 10)).items] == [much]
    await feed.wishing.restore(subject, much)
    assert len(await whole(feed, me)) == 15


def subject_of(account: UUID) -> Subject:
    return Subject(account, Kind.USER, Role.USER, new_id(), frozenset("*"), 0)


async def by_rank(feed: Feed, account: UUID, limit: int, cursor: str | None = None) -> tuple[list[UUID], str | None]:
    page = await feed.reading.ranked(subject_of(account), cursor, limit)
    return [entry.id for entry in page.items], page.next


async def rest_of(feed: Feed, account: UUID, limit: int, cursor: str | None) -> list[UUID]:
    things: list[UUID] = []
    while cursor is not None:
        some, cursor = await by_rank(feed, account, limit, cursor)
        things += some
    return things


async def test_by_rank_everything_comes_once_while_others_publish(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.feed.service.reading.MOST_RANKED", 20)
    dice = random.Random(7)
    me, authors = new_id(), [new_id() for _ in range(5)]
    now = datetime.now(UTC)

    def published(author: UUID, hours: float) -> object:
        return msgspec.structs.replace(poll_of(author, 0), published_at=now - timedelta(hours=hours))

    polls = [published(dice.choice(authors), 1 + dice.random() * 60) for _ in range(33)]
    await hear(feed, *map(person_of, authors), *polls)  # type: ignore[arg-type]
    await hear(feed, *(follow_of(me, author, number) for number, author in enumerate(authors)))
    in_time = await whole(feed, me, 100)
    for limit in (1, 6, 7, 20, 50):
        first, cursor = await by_rank(feed, me, limit)
        fresh = published(authors[0], 0)
        await hear(feed, fresh)  # type: ignore[arg-type]
        after = await rest_of(feed, me, limit, cursor)
        assert len(first) <= limit
        assert sorted(first + after) == sorted(in_time)
        assert set((first + after)[:20]) == set(in_time[:20])
        assert (first + after)[20:] == in_time[20:]
        assert first + after == first + await rest_of(feed, me, limit, cursor)  # and tomorrow
        in_time.insert(0, fresh.poll)  # type: ignore[attr-defined]


async def test_by_rank_one_person_doesnt_fill_the_page(feed: Feed) -> None:
    me, loud, calm, less = (new_id() for _ in range(4))
    now = datetime.now(UTC)

    def published(author: UUID, minutes: int) -> object:
        return msgspec.structs.replace(poll_of(author, 0), published_at=now - timedelta(minutes=minutes))

    await hear(feed, *map(person_of, (loud, calm, less)))
    await hear(feed, *(follow_of(me, author, number) for number, author in enumerate((loud, calm, less))))
    many = [published(loud, minute) for minute in range(10, 15)]
    one, lessened = published(calm, 30), published(less, 1)
    await hear(feed, *many, one, lessened)  # type: ignore[arg-type]
    await feed.wishing.lessen(subject_of(me), less)
    found, _ = await by_rank(feed, me, 20)
    assert found.index(one.poll) == 1  # type: ignore[attr-defined]
    assert found.index(lessened.poll) == 5  # type: ignore[attr-defined]


async def test_what_may_not_be_seen_any_more_leaves_an_order(feed: Feed) -> None:
    me, author, other = new_id(), new_id(), new_id()
    polls = [poll_of(author, number) for number in range(6)]
    kept = [poll_of(other, number) for number in range(3)]
    await hear(feed, person_of(author), person_of(other), *polls, *kept)
    await hear(feed, follow_of(me, author, 1), follow_of(me, other, 2))
    first, cursor = await by_rank(feed, me, 2)
    await hear(feed, msgspec.structs.replace(polls[0], version=2, deleted=True))
    rest = await rest_of(feed, me, 2, cursor)
    assert set(rest) == {poll.poll for poll in (*polls, *kept)} - {polls[0].poll, *first}
    await hear(feed, follow_of(me, author, 3, "ended"))
    assert set(await rest_of(feed, me, 2, cursor)) == {poll.poll for poll in kept} - set(first)


async def test_orders_are_ones_own_and_so_many_are_kept(feed: Feed) -> None:
    me, author = new_id(), new_id()
    await hear(feed, person_of(author), follow_of(me, author, 1), follow_of(author, me, 1))
    await hear(feed, *(poll_of(author, number) for number in range(3)))
    _, cursor = await by_rank(feed, me, 1)
    with pytest.raises(Problem, match="first page"):
        await by_rank(feed, author, 1, cursor)
    for _ in range(rankings.MOST_KEPT - 1):
        await by_rank(feed, me, 1)
    assert len(await rest_of(feed, me, 1, cursor)) == 2
    await by_rank(feed, me, 1)
    with pytest.raises(Problem, match="first page"):
        await by_rank(feed, me, 1, cursor)


async def test_one_hides_so_much_and_no_more(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishing, "MOST_HIDDEN", 2)
    monkeypatch.setattr(wishing, "MOST_LESS", 2)
    me, things = subject_of(new_id()), [new_id() for _ in range(3)]
    for add in (feed.wishing.hide, feed.wishing.lessen):
        for thing in (*things[:2], *things[:2]):
            await add(me, thing)
        with pytest.raises(Problem) as refused:
            await add(me, things[2])
        assert refused.value.status == 429


async def test_guests_have_no_wishes(guest: Reader) -> None:
    for method, path in (
        ("GET", "/hidden"),
        ("PUT", f"/hidden/{new_id()}"),
        ("GET", "/less"),
        ("PUT", f"/less/{new_id()}"),
    ):
        answer = await guest.http.request(method, f"/v1/feed{path}", headers=guest.headers)
        assert answer.status_code == 403
