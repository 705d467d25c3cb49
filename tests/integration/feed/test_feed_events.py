"""Feed keeps the same of events in whatever order and however often they come, and reads a page with few statements."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.core.data.pagination import Page
from services.core.events.outbox import Event
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.feed.events import BlockChanged, FollowChanged, MuteChanged, PollChanged, ProfileChanged, TagChanged
from services.feed.models import TagFollow
from services.feed.plugin import SERVICE
from services.feed.schemas import EntryView
from services.feed.service import KEPT, Feed
from sqlalchemy import func, select, update
from tests.integration.inside import statements_of

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HANDLERS: dict[Any, Any] = {handler.event: handler.handle for handler in SERVICE.handlers}


def poll_of(owner: UUID, number: int) -> PollChanged:
    return PollChanged(
        poll=new_id(),
        version=1,
        owner=owner,
        title=f"{number}",
        eligibility="anyone",
        published_at=BEGAN + timedelta(seconds=number),
        archived_at=None,
        deleted=False,
    )


def person_of(account: UUID, version: int = 1, **more: Any) -> ProfileChanged:
    return ProfileChanged(account=account, version=version, handle=account.hex, display_name="", **more)


def follow_of(follower: UUID, followee: UUID, version: int, state: str = "accepted") -> FollowChanged:
    return FollowChanged(follower=follower, followee=followee, version=version, state=state)


async def hear(feed: Feed, *events: Event) -> None:
    """Handle events as the consumer does, each in a transaction of its own."""
    for event in events:
        async with feed.kit.db.transaction() as session:
            await HANDLERS[type(event)](feed, session, event)


async def home_of(feed: Feed, account: UUID, limit: int = 20, cursor: str | None = None) -> Page[EntryView]:
    subject = Subject(account, Kind.USER, Role.USER, new_id(), frozenset("*"), 0)
    return await feed.reading.home(subject, cursor, limit)


async def whole(feed: Feed, account: UUID, limit: int = 7) -> list[UUID]:
    """Return what a home feed has, page by page."""
    page = await home_of(feed, account, limit)
    things = [entry.id for entry in page.items]
    while page.next is not None:
        page = await home_of(feed, account, limit, page.next)
        things += [entry.id for entry in page.items]
    return things


def history(dice: random.Random, people: Sequence[UUID]) -> list[Event]:
    """Return what some people did, in the order in which they did it."""
    events: list[Event] = [person_of(person) for person in people]
    tags = [f"t{people[0].hex}{number}" for number in range(4)]
    for version in range(1, 40):
        one, other = dice.sample(people, 2)
        state, on = dice.choice(["accepted", "accepted", "ended", "requested"]), dice.random() < 0.4
        events.append(follow_of(one, other, version, state))
        if dice.random() < 0.3:
            events.append(BlockChanged(account=one, other=other, blocked=on, version=version))
        if dice.random() < 0.3:
            events.append(MuteChanged(account=other, other=one, muted=on, version=version))
        poll = msgspec.structs.replace(poll_of(one, version), hashtags=dice.sample(tags, 2))
        events.append(poll)
        if dice.random() < 0.3:
            changed: dict[str, Any] = {"title": "renamed", "hashtags": dice.sample(tags, 1)}
            events.append(msgspec.structs.replace(poll, version=2, deleted=dice.random() < 0.5, **changed))
        if dice.random() < 0.3:
            events.append(TagChanged(account=one, tag=dice.choice(tags), followed=not on, version=version))
    return events


async def test_late_and_doubled_events_leave_the_same_feeds(feed: Feed) -> None:
    dice = random.Random(5)
    people = [new_id() for _ in range(5)]
    events = history(dice, people)
    await hear(feed, *events)
    expected = [await whole(feed, person) for person in people]
    assert max(map(len, expected)) > 7

    again = {person: new_id() for person in people}
    again |= {event.poll: new_id() for event in events if isinstance(event, PollChanged)}
    renamed = [_renamed(event, again) for event in events]
    renamed += dice.sample(renamed, len(renamed) // 2)
    dice.shuffle(renamed)
    await hear(feed, *renamed)
    found = [await whole(feed, again[person]) for person in people]
    assert found == [[again[thing] for thing in feed_of] for feed_of in expected]


def _renamed(event: Event, names: dict[UUID, UUID]) -> Event:
    """Return the same event about others, and with other tags."""
    told = msgspec.structs.asdict(event)
    changed: dict[str, Any] = {name: names[value] for name, value in told.items() if isinstance(value, UUID)}
    if isinstance(event, PollChanged):
        changed["hashtags"] = [f"{tag}again" for tag in event.hashtags]
    if isinstance(event, TagChanged):
        changed["tag"] = f"{event.tag}again"
    return msgspec.structs.replace(event, **changed)


async def test_a_page_is_the_newest_of_all_who_are_followed(feed: Feed) -> None:
    """Some publish much and some little, as a plain sort of everything has it."""
    dice = random.Random(6)
    me, authors = new_id(), [new_id() for _ in range(30)]
    polls = [poll_of(dice.choice(authors[: dice.randint(1, 30)]), number) for number in range(120)]
    await hear(feed, *(person_of(author) for author in authors), *polls)
    await hear(feed, *(follow_of(me, author, number) for number, author in enumerate(authors[:20])))
    expected = [poll.poll for poll in reversed(polls) if poll.owner in authors[:20]]
    for limit in (1, 7, 100):
        assert await whole(feed, me, limit) == expected


async def test_who_is_deleted_is_in_no_feed_even_if_a_poll_of_theirs_comes_later(feed: Feed) -> None:
    me, gone = new_id(), new_id()
    await hear(feed, person_of(me), follow_of(me, gone, 1), person_of(gone, 2, deleted=True), poll_of(gone, 1))
    assert await whole(feed, me) == []


async def test_two_polls_of_one_moment_both_have_their_place(feed: Feed) -> None:
    me = new_id()
    polls = [poll_of(me, 1), poll_of(me, 1)]
    await hear(feed, person_of(me), *polls)
    assert await whole(feed, me, 1) == sorted((poll.poll for poll in polls), key=lambda poll: poll.bytes[6:])[::-1]


@pytest.mark.parametrize("authors", [1, 15])
async def test_a_page_takes_two_statements_however_many_it_is_of(feed: Feed, authors: int) -> None:
    me, others = new_id(), [new_id() for _ in range(authors)]
    await hear(feed, *map(person_of, others))
    await hear(feed, *(follow_of(me, other, number) for number, other in enumerate(others)))
    await hear(feed, *(poll_of(other, number) for number, other in enumerate(others)))
    with statements_of(feed.kit.db.engine) as statements:
        assert len((await home_of(feed, me)).items) == authors
    assert len(statements) == 2, statements


@pytest.mark.parametrize("tags", [1, 40])
async def test_followed_tags_cost_no_more_statements(feed: Feed, tags: int) -> None:
    me, other = new_id(), new_id()
    names = [f"t{me.hex}{number}" for number in range(tags)]
    await hear(feed, person_of(other))
    await hear(feed, *(TagChanged(account=me, tag=tag, followed=True, version=n) for n, tag in enumerate(names)))
    polls = [msgspec.structs.replace(poll_of(other, n), hashtags=names[n : n + 20]) for n in range(tags)]
    await hear(feed, *polls)
    with statements_of(feed.kit.db.engine) as statements:
        assert len((await home_of(feed, me, 100)).items) == tags
    assert len(statements) == 2, statements
    assert await whole(feed, me) == [poll.poll for poll in reversed(polls)]


async def test_a_tag_with_much_from_somebody_unwanted_makes_no_page_shorter(feed: Feed) -> None:
    me, wanted, unwanted = new_id(), new_id(), new_id()
    tag = f"t{me.hex}"
    await hear(feed, TagChanged(account=me, tag=tag, followed=True, version=1))
    await hear(feed, MuteChanged(account=me, other=unwanted, muted=True, version=2))
    polls = [msgspec.structs.replace(poll_of(wanted, n), hashtags=[tag]) for n in range(5)]
    flood = [msgspec.structs.replace(poll_of(unwanted, 100 + n), hashtags=[tag]) for n in range(60)]
    await hear(feed, *polls, *flood)
    assert await whole(feed, me, 3) == [poll.poll for poll in reversed(polls)]


async def test_who_followed_tags_is_forgotten_in_time_and_who_does_is_not(feed: Feed) -> None:
    me = new_id()
    await hear(feed, TagChanged(account=me, tag="kept", followed=True, version=1))
    await hear(feed, TagChanged(account=me, tag="ended", followed=False, version=2))

    async def known() -> list[str]:
        async with feed.kit.db.reading() as session:
            found = await session.scalars(select(TagFollow.tag).where(TagFollow.account == me).order_by(TagFollow.tag))
            return list(found)

    await feed.sweep_tags()
    assert await known() == ["ended", "kept"]
    async with feed.kit.db.transaction() as session:
        old = func.now() - KEPT - timedelta(minutes=1)
        await session.execute(update(TagFollow).where(TagFollow.account == me).values(heard_at=old))
    await feed.sweep_tags()
    assert await known() == ["kept"]
