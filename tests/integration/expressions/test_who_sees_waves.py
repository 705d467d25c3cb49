"""Who sees a Wave: by its visibility, whom its author lets follow, who is named, and who is apart."""

import random
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.core.data.pagination import Page
from services.core.events.outbox import Event
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.expressions.events import BlockChanged, FollowChanged, MuteChanged, PollChanged, ProfileChanged
from services.expressions.plugin import SERVICE
from services.expressions.schemas import WaveNew, WaveView
from services.expressions.service import Expressions
from tests.integration.inside import statements_of

from .conftest import Author

HANDLERS: dict[Any, Any] = {handler.event: handler.handle for handler in SERVICE.handlers}


async def test_visibility(ada: Author, ben: Author, cleo: Author) -> None:
    handle = f"cleo-{uuid4().hex[:8]}"
    await cleo.rename(handle)
    await ben.follow(ada)
    public, followers, named, nobody = [
        (await ada.say(text, visibility=visibility))["id"]
        for text, visibility in [
            ("All", "public"),
            ("Followers", "followers"),
            (f"@{handle}", "mentioned"),
            ("Note", "mentioned"),
        ]
    ]
    await ben.finds(followers)
    assert await ada.listed(ada) == [nobody, named, followers, public]
    assert await ben.listed(ada) == [followers, public]
    assert await cleo.listed(ada) == [named, public]
    anybody = await ada.http.get("/v1/expressions/waves", params={"author": ada.account})
    assert [wave["id"] for wave in anybody.json()["items"]] == [public]
    for wave in (followers, named):
        assert (await ada.http.get(f"/v1/expressions/waves/{wave}")).status_code == 404
    answer = await ben.waves("POST", "/batch", json={"waves": [named, public, followers, public]})
    assert [wave["id"] for wave in answer.json()["items"]] == [public, followers]
    for method, path in [("GET", "/history"), ("GET", "/reactions"), ("GET", "/ripples"), ("PUT", "/like")]:
        assert (await ben.waves(method, f"/{named}{path}")).status_code == 404
    await ben.unfollow(ada)
    await ben.finds(followers, there=False)


async def test_waves_of_a_private_account_are_for_its_followers(ada: Author, ben: Author, cleo: Author) -> None:
    wave = (await ada.say("Mine"))["id"]
    await ben.follow(ada)
    await ada.make_private(wave, cleo)
    await ben.finds(wave)
    assert await cleo.listed(ada) == []
    assert (await ada.http.get(f"/v1/expressions/waves/{wave}")).status_code == 404
    answer = await ben.waves("PUT", f"/{wave}/ripple")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "not-for-all")


async def test_a_block_cuts_both_ways_and_stops_mentions(ada: Author, ben: Author) -> None:
    handle = f"ben-{uuid4().hex[:8]}"
    await ben.rename(handle)
    mine, theirs = (await ada.say(f"@{handle}"))["id"], (await ben.say("Ben's"))["id"]
    await ada.waves("PUT", f"/{theirs}/like")
    await ben.block(ada)
    await ada.finds(theirs, there=False)
    await ben.finds(mine, there=False)
    assert (await ada.say(f"@{handle}"))["parts"] == [{"type": "text", "text": f"@{handle}"}]
    assert (await ben.waves("GET", f"/{theirs}/reactions")).json()["items"] == []
    # What one did before can still be taken back.
    assert (await ada.waves("DELETE", f"/{theirs}/like")).status_code == 204
    assert (await ben.sees(theirs) or {})["counts"]["likes"] == 0


def person_of(account: UUID, version: int = 1, **more: Any) -> ProfileChanged:
    return ProfileChanged(account=account, version=version, handle=f"h{account.hex[-20:]}", display_name="", **more)


async def hear(expressions: Expressions, *events: Event) -> None:
    """Handle events as the consumer does, each in a transaction of its own."""
    for event in events:
        async with expressions.kit.db.transaction() as session:
            await HANDLERS[type(event)](expressions, session, event)


def subject_of(account: UUID) -> Subject:
    return Subject(account, Kind.USER, Role.USER, new_id(), frozenset("*"), 0)


async def say(expressions: Expressions, account: UUID, text: str, **more: Any) -> UUID:
    return (await expressions.writing.create(subject_of(account), WaveNew(text=text, **more), None))[0]


async def page_of(expressions: Expressions, viewer: UUID, author: UUID, limit: int = 100) -> Page[WaveView]:
    return await expressions.reading.by(subject_of(viewer), author, None, limit)


async def test_late_and_doubled_events_leave_the_same(expressions: Expressions) -> None:
    dice = random.Random(7)
    author, viewers, poll, owner = new_id(), [new_id() for _ in range(12)], new_id(), new_id()
    events: list[Event] = [person_of(author), person_of(author, 3), person_of(author, 2, private=True)]
    expected = []
    for viewer in viewers:
        follows, blocks = dice.random() < 0.6, dice.random() < 0.3
        for version in (1, 2, 3):
            state = "accepted" if follows is (version != 2) else "ended"
            events.append(FollowChanged(follower=viewer, followee=author, state=state, version=version))
            blocked = blocks is (version != 2)
            events.append(BlockChanged(account=viewer, other=author, blocked=blocked, version=version))
            events.append(MuteChanged(account=viewer, other=author, muted=version == 1, version=version))
        events.append(person_of(viewer))
        expected.append([] if blocks else ["followers", "public"] if follows else ["public"])
    for version, deleted in ((1, False), (2, True)):
        events.append(PollChanged(poll=poll, version=version, owner=owner, deleted=deleted))
    events += dice.sample(events, len(events) // 2)
    dice.shuffle(events)
    await hear(expressions, *events)
    await say(expressions, author, "public")
    await say(expressions, author, "followers", visibility="followers")
    found = [[wave.text for wave in (await page_of(expressions, viewer, author)).items] for viewer in viewers]
    assert found == expected
    assert len({tuple(waves) for waves in expected}) == 3
    with pytest.raises(Exception, match="no such published poll"):
        await say(expressions, author, "?", poll=poll)


async def test_nothing_is_seen_of_who_is_deleted(expressions: Expressions) -> None:
    gone, viewer = new_id(), new_id()
    await hear(expressions, person_of(gone), person_of(viewer))
    wave = await say(expressions, gone, "Mine")
    await expressions.rippling.put(subject_of(viewer), wave)
    await hear(expressions, person_of(gone, 2, deleted=True))
    assert (await page_of(expressions, viewer, gone)).items == []
    assert (await page_of(expressions, viewer, viewer)).items == []


@pytest.mark.parametrize("waves", [1, 12])
async def test_a_page_takes_four_statements_however_many_it_is_of(expressions: Expressions, waves: int) -> None:
    viewer, author, others = new_id(), new_id(), [new_id() for _ in range(waves)]
    await hear(expressions, *map(person_of, [viewer, author, *others]))
    for other in others:
        wave = await say(expressions, other, f"Hi @h{viewer.hex[-20:]}")
        await say(expressions, author, f"Hear @h{other.hex[-20:]}", ripple_of=wave)
        await expressions.reacting.put(subject_of(viewer), wave, "like")
    with statements_of(expressions.kit.db.engine) as statements:
        page = await page_of(expressions, viewer, author)
    assert len(page.items) == waves
    assert all(wave.original and wave.original.mine and wave.original.mine.like for wave in page.items)
    assert len(statements) == 4, statements
