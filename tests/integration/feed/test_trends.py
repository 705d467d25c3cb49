"""Trends: many people make a tag lively, and one alone doesn't, whatever they publish."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from services.core.ids import new_id
from services.feed.models import Trend
from services.feed.repository import trends
from services.feed.repository.trends import TrendRepository
from services.feed.service import Feed
from sqlalchemy import delete, select

from .test_feed_events import hear, person_of, poll_of


async def use(feed: Feed, account: UUID, tags: Sequence[str], hours_ago: float = 0, **more: object) -> None:
    """Publish a poll with tags at some time."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    await hear(feed, msgspec.structs.replace(poll_of(account, 0), hashtags=list(tags), published_at=at, **more))


@pytest.fixture
async def scores(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> "Scores":
    monkeypatch.setattr(trends, "_SOON", timedelta(0))
    monkeypatch.setattr(trends, "_MOST", 100_000)
    return Scores(feed)


class Scores:
    """Trends as they would be now."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def of(self, *tags: str) -> list[tuple[float, int] | None]:
        async with self._feed.kit.db.transaction() as session:
            assert await TrendRepository(session).reckon()
        async with self._feed.kit.db.reading() as session:
            rows = await session.execute(select(Trend.tag, Trend.score, Trend.people).where(Trend.tag.in_(tags)))
            found = {row.tag: (round(row.score, 2), row.people) for row in rows}
        return [found.get(tag) for tag in tags]


def some_tags(number: int) -> list[str]:
    return [f"t{new_id().hex}" for _ in range(number)]


async def test_a_tag_is_worth_what_its_people_give_it(feed: Feed, scores: Scores) -> None:
    [now, before, few] = some_tags(3)
    for _ in range(3):
        await use(feed, new_id(), [now])
        await use(feed, new_id(), [before], hours_ago=8)
    await use(feed, new_id(), [now], hours_ago=16)
    for _ in range(2):
        await use(feed, new_id(), [few])
    assert await scores.of(now, before, few) == [(3.25, 4), (1.5, 3), None]


async def test_one_accounts_burst_lifts_no_tag(feed: Feed, scores: Scores) -> None:
    [tag, alone], loud = some_tags(2), new_id()
    for _ in range(3):
        await use(feed, new_id(), [tag], hours_ago=8)
    was = await scores.of(tag)
    for _ in range(50):
        await use(feed, loud, [tag, alone])
    assert was == [(1.5, 3)]
    assert await scores.of(tag, alone) == [(2.5, 4), None]


async def test_who_uses_many_tags_gives_each_the_less(feed: Feed, scores: Scores) -> None:
    tags = some_tags(20)
    for _ in range(3):
        await use(feed, new_id(), tags)
    assert await scores.of(tags[0], tags[19]) == [(0.75, 3), (0.75, 3)]


async def test_what_is_old_deleted_hidden_or_of_nobody_gives_nothing(feed: Feed, scores: Scores) -> None:
    [old, deleted, listed, gone] = some_tags(4)
    for _ in range(3):
        await use(feed, new_id(), [old], hours_ago=49)
        await use(feed, new_id(), [deleted], deleted=True)
        await use(feed, new_id(), [listed], listing="followers")
        person = new_id()
        await hear(feed, person_of(person, 1))
        await use(feed, person, [gone])
        await hear(feed, person_of(person, 2, deleted=True))
    assert await scores.of(old, deleted, listed, gone) == [None] * 4


async def test_trends_are_reckoned_by_one_at_a_time_and_not_all_the_time(feed: Feed) -> None:
    [tag] = some_tags(1)
    for _ in range(3):
        await use(feed, new_id(), [tag])
    async with feed.kit.db.transaction() as session:
        await session.execute(delete(Trend))  # those of the tests before
    async with feed.kit.db.transaction() as one, feed.kit.db.transaction() as other:
        assert await TrendRepository(one).reckon()
        assert await TrendRepository(other).reckon() is False
    await feed.reckon_trends()
    async with feed.kit.db.transaction() as session:
        assert await TrendRepository(session).reckon() is False
    assert tag in [trend.tag for trend in (await feed.reading.trends(100)).items]
