"""Notifications group what happened, show nobody what they may not see, and come out the same in whatever order."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from services.core.events.outbox import Event
from services.core.ids import new_id
from services.core.problems import Problem
from services.notifications.events import BlockChanged, MuteChanged, PollClosed, PollOpened, WaveChanged, WaveModerated
from services.notifications.schemas import ChannelsEdit
from services.notifications.service import Notifications
from services.notifications.settings import NotificationsSettings
from tests.integration.inside import statements_of
from tests.integration.notifications.conftest import (
    comment_of,
    follow_of,
    hear,
    kinds,
    listed,
    person_of,
    poll_of,
    reaction_of,
    subject,
    wave_of,
)


async def test_reactions_are_one_notification_and_replies_stay_apart(notifications: Notifications) -> None:
    ada, others = new_id(), [new_id() for _ in range(12)]
    wave, poll = wave_of(ada), poll_of(new_id())
    await hear(notifications, wave, poll, *(person_of(one) for one in others))
    await hear(notifications, *(reaction_of(wave, one, number) for number, one in enumerate(others)))
    await hear(notifications, reaction_of(wave, others[0], 13, kind="clap"))
    await hear(notifications, *(comment_of(poll, one, answered=ada) for one in others[:2]))
    last, first, reactions = await listed(notifications, ada)
    assert [first.kind, last.kind, reactions.kind] == ["reply", "reply", "reaction"]
    assert (last.subject.poll, last.subject.poll_title, last.subject.text) == (poll.poll, "Lunch", "Yes.")
    assert reactions.people_count == 12
    assert [person.id for person in reactions.people] == [others[0], others[11], others[10]]
    assert (reactions.subject.type, reactions.subject.id, reactions.subject.text) == ("wave", wave.wave, "A Wave")


async def test_what_one_does_oneself_isnt_told(notifications: Notifications) -> None:
    ada = new_id()
    wave, poll = wave_of(ada, mentions=[ada]), poll_of(ada)
    ripple = wave_of(ada, ripple_of=wave.wave)
    await hear(notifications, wave, poll, ripple, reaction_of(wave, ada), comment_of(poll, ada, answered=ada))
    assert await kinds(notifications, ada) == []


async def test_an_answer_to_the_owner_is_told_once(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    poll = poll_of(ada)
    await hear(notifications, poll, comment_of(poll, ben, answered=ada))
    assert await kinds(notifications, ada) == ["reply"]


async def test_what_is_taken_back_goes_and_isnt_new_again(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave = wave_of(ada)
    await hear(notifications, wave, reaction_of(wave, ben, 1))
    [told] = await listed(notifications, ada)
    await notifications.reading.mark(subject(ada), told.id, read=True)
    await hear(notifications, reaction_of(wave, ben, 2, present=False))
    assert await kinds(notifications, ada) == []
    await hear(notifications, reaction_of(wave, ben, 3))
    [again] = await listed(notifications, ada)
    assert (again.read, again.position) == (True, told.position)
    await hear(notifications, reaction_of(wave, new_id(), 4))
    [more] = await listed(notifications, ada)
    assert (more.read, more.people_count, more.position > told.position) == (False, 2, True)


async def test_what_comes_after_it_was_seen_stays_unread(notifications: Notifications) -> None:
    ada = new_id()
    wave = wave_of(ada)
    await hear(notifications, wave, reaction_of(wave, new_id(), 1))
    [seen] = await listed(notifications, ada)
    await hear(notifications, reaction_of(wave, new_id(), 2))
    await notifications.reading.mark(subject(ada), seen.id, read=True, seen=seen.position)
    await notifications.reading.mark_all(subject(ada), seen.position)
    assert [one.read for one in await listed(notifications, ada)] == [False]
    [now] = await listed(notifications, ada)
    await notifications.reading.mark_all(subject(ada), now.position)
    assert [one.read for one in await listed(notifications, ada)] == [True]
    with pytest.raises(Problem):
        await notifications.reading.mark(subject(new_id()), now.id, read=False)
    assert [one.read for one in await listed(notifications, ada)] == [True]


async def test_nobody_is_told_of_those_from_whom_they_are_apart(notifications: Notifications) -> None:
    ada, ben, cleo = new_id(), new_id(), new_id()
    wave = wave_of(ada)
    done = [wave, *(reaction_of(wave, one, number) for number, one in enumerate((ben, cleo)))]
    cases: list[Event] = [
        BlockChanged(account=ada, other=cleo, blocked=True, version=1),
        BlockChanged(account=cleo, other=ada, blocked=True, version=1),
        MuteChanged(account=ada, other=cleo, muted=True, version=1),
        person_of(cleo, 2, deleted=True),
    ]
    await hear(notifications, *done)
    for version, case in zip(range(10, 50, 10), cases, strict=True):
        await hear(notifications, replace(case, version=version))
        [told] = await listed(notifications, ada)
        assert (told.people_count, [person.id for person in told.people]) == (1, [ben])
        await hear(notifications, reaction_of(wave, ben, version, present=False))
        assert await kinds(notifications, ada) == []
        await hear(notifications, reaction_of(wave, ben, version + 1))
        if isinstance(case, BlockChanged):
            await hear(notifications, replace(case, version=version + 1, blocked=False))
        elif isinstance(case, MuteChanged):
            await hear(notifications, replace(case, version=version + 1, muted=False))
    assert await kinds(notifications, ada) == ["reaction"]


async def test_a_notification_goes_with_what_it_is_about(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave, named, poll = wave_of(ada), wave_of(ben, mentions=[ada]), poll_of(ada)
    ripple, reply = wave_of(ben, ripple_of=wave.wave), comment_of(poll, ben)
    for event, kind in ((named, "mention"), (ripple, "ripple"), (reply, "comment")):
        await hear(notifications, wave, poll, event)
        assert await kinds(notifications, ada) == [kind]
        gone = replace(event, version=2, **({"state": "deleted"} if kind == "comment" else {"deleted": True}))
        await hear(notifications, gone)
        assert await kinds(notifications, ada) == []
    await hear(notifications, reaction_of(wave, ben), comment_of(poll, ben))
    assert await kinds(notifications, ada) == ["comment", "reaction"]
    await hear(notifications, replace(wave, version=2, deleted=True), replace(poll, version=2, deleted=True))
    assert await kinds(notifications, ada) == []


async def test_whom_a_wave_names_no_more_isnt_told(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave = wave_of(ben, mentions=[ada])
    await hear(notifications, wave, replace(wave, version=2, mentions=[]))
    assert await kinds(notifications, ada) == []
    other = wave_of(ben, mentions=[ada])
    await hear(notifications, replace(other, version=2, mentions=[]), other)
    assert await kinds(notifications, ada) == []


async def test_a_ripple_is_told_to_those_who_see_it(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave = wave_of(ada)
    cases: list[tuple[str, bool, bool, bool]] = [
        # visibility, private, follows, told
        ("public", False, False, True),
        ("public", True, False, False),
        ("public", True, True, True),
        ("followers", False, False, False),
        ("followers", False, True, True),
        ("mentioned", False, True, False),
    ]
    await hear(notifications, wave)
    for version, (visibility, private, follows, told) in enumerate(cases, 1):
        ripple = wave_of(ben, ripple_of=wave.wave, visibility=visibility)
        follow = follow_of(ada, ben, version, "accepted" if follows else "ended")
        await hear(notifications, person_of(ben, version, private=private), follow, ripple)
        assert await kinds(notifications, ada) == ["ripple"] * told, (visibility, private, follows)
        await hear(notifications, replace(ripple, version=2, deleted=True))


async def test_a_ripple_that_is_heard_of_before_its_wave_is_told(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave = wave_of(ada)
    await hear(notifications, wave_of(ben, ripple_of=wave.wave), wave)
    assert await kinds(notifications, ada) == ["ripple"]


async def test_polls_for_followers_are_told_to_followers(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    poll = poll_of(ben, listing="followers")
    reply = comment_of(poll, ben, answered=ada)
    await hear(notifications, poll, reply, follow_of(ada, ben))
    await notifications.watches.put(subject(ada), poll.poll)
    await hear(notifications, PollClosed(poll=poll.poll, owner=ben, at=datetime.now(UTC)))
    await notifications.sending.work()
    assert await kinds(notifications, ada) == ["poll_closed", "reply"]
    await hear(notifications, follow_of(ada, ben, 2, "ended"))
    assert await kinds(notifications, ada) == []
    with pytest.raises(Problem) as refused:
        await notifications.watches.put(subject(ada), poll.poll)
    assert refused.value.status == 404


async def test_a_hidden_comment_is_told_to_its_author_alone_and_that_it_is_shown_again(
    notifications: Notifications,
) -> None:
    ada, ben, cleo = new_id(), new_id(), new_id()
    poll = poll_of(ada)
    comment = comment_of(poll, ben, answered=cleo)
    await hear(notifications, poll, comment)
    assert (await kinds(notifications, ada), await kinds(notifications, cleo)) == (["comment"], ["reply"])
    await hear(notifications, replace(comment, version=2, state="hidden", text=""))
    assert (await kinds(notifications, ada), await kinds(notifications, cleo)) == ([], [])
    [told] = await listed(notifications, ben)
    assert (told.kind, told.people, told.people_count, told.subject.poll) == ("moderation", [], 0, poll.poll)
    await notifications.reading.mark(subject(ben), told.id, read=True)
    await hear(notifications, replace(comment, version=3))
    assert (await kinds(notifications, ada), await kinds(notifications, ben)) == (["comment"], ["restored"])
    [told] = await listed(notifications, ben)
    assert (told.read, told.people, told.subject.text) == (False, [], comment.text)
    await notifications.reading.mark(subject(ben), told.id, read=True)
    await hear(notifications, replace(comment, version=4, text="Edited."))
    assert [(one.kind, one.read) for one in await listed(notifications, ben)] == [("restored", True)], (
        "an edit is no news"
    )
    await hear(notifications, replace(comment, version=5, state="hidden", text=""))
    assert [(one.kind, one.read) for one in await listed(notifications, ben)] == [("moderation", False)]  # this is new
    await hear(notifications, replace(comment, version=6))
    assert [(one.kind, one.read) for one in await listed(notifications, ben)] == [("restored", False)]
    await hear(notifications, replace(comment, version=7, state="deleted", text=""))
    assert await kinds(notifications, ben) == []


async def test_how_a_comment_stands_is_told_whatever_is_heard_first(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    poll = poll_of(ada)
    await hear(notifications, poll)
    states = {1: "shown", 2: "hidden", 3: "shown", 4: "hidden", 5: "shown"}
    for last, kind in ((3, "restored"), (4, "moderation"), (5, "restored")):
        for order in ([*range(1, last + 1)], [*range(last, 0, -1)], [last, 2, last, 1, 2, *range(3, last)]):
            comment = comment_of(poll, ben)
            for version in order:
                text = comment.text if states[version] == "shown" else ""
                await hear(notifications, replace(comment, version=version, state=states[version], text=text))
            [told] = [one for one in await listed(notifications, ben) if one.subject.id == comment.comment]
            assert told.kind == kind, order


async def test_a_comment_that_was_never_hidden_isnt_shown_again(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    poll = poll_of(ada)
    comment = comment_of(poll, ben)
    limited = replace(comment, version=2, state="deleted", text="")
    await hear(notifications, poll, comment, limited, replace(comment, version=3), replace(comment, version=4))
    assert await kinds(notifications, ben) == [], "whoever is limited isn't told, nor that they aren't any more"


async def test_a_hidden_wave_is_told_to_its_author_and_that_it_is_shown_again(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave = wave_of(ada, mentions=[ben])
    await hear(notifications, wave)

    def moderated(version: int, *, hidden: bool) -> WaveModerated:
        return WaveModerated(wave=wave.wave, version=version, author=ada, hidden=hidden)

    hidden = replace(wave, version=2, visibility="mentioned", mentions=[])
    await hear(notifications, moderated(2, hidden=True), hidden, moderated(2, hidden=True))
    [told] = await listed(notifications, ada)
    assert (told.kind, told.subject.type, told.subject.id, told.subject.text) == (
        "moderation",
        "wave",
        wave.wave,
        wave.text,
    )
    assert await kinds(notifications, ben) == []
    await notifications.reading.mark(subject(ada), told.id, read=True)
    await hear(notifications, moderated(3, hidden=False), replace(wave, version=3), moderated(2, hidden=True))
    assert (await kinds(notifications, ada), await kinds(notifications, ben)) == (["restored"], ["mention"])
    [told] = await listed(notifications, ada)
    assert (told.read, told.subject.text) == (False, wave.text)
    await notifications.reading.mark(subject(ada), told.id, read=True)
    await hear(notifications, moderated(3, hidden=False))
    assert [one.read for one in await listed(notifications, ada)] == [True]
    await hear(notifications, moderated(4, hidden=True))
    assert [(one.kind, one.read) for one in await listed(notifications, ada)] == [("moderation", False)]  # this is new
    await hear(notifications, replace(wave, version=5, deleted=True, text=""))
    assert await kinds(notifications, ada) == []


async def test_off_is_off_in_the_list_and_in_the_badge(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    wave = wave_of(ada)
    await hear(notifications, wave, reaction_of(wave, ben), follow_of(ben, ada))
    assert await kinds(notifications, ada) == ["follow", "reaction"]
    now = await notifications.preferring.edit(subject(ada), "reaction", ChannelsEdit(in_app=False))
    assert [one.kind for one in now.kinds if not one.in_app] == ["reaction"]
    assert await kinds(notifications, ada) == ["follow"]
    await notifications.preferring.edit(subject(ada), "reaction", ChannelsEdit(in_app=True))
    assert await kinds(notifications, ada) == ["follow", "reaction"]


async def test_a_request_to_follow_becomes_a_follow_or_goes(notifications: Notifications) -> None:
    ada, ben, cleo = new_id(), new_id(), new_id()
    await hear(notifications, follow_of(ben, ada, 1, "requested"), follow_of(cleo, ada, 1, "requested"))
    [told] = await listed(notifications, ada)
    assert (told.kind, told.people_count, told.subject.id) == ("follow_request", 2, ada)
    await hear(notifications, follow_of(ben, ada, 2), follow_of(cleo, ada, 2, "ended"))
    assert await kinds(notifications, ada) == ["follow"]


def history(dice: random.Random, people: list[UUID]) -> list[Event]:
    """Return what some people did, in the order in which they did it."""
    ada = people[0]
    waves, polls = [wave_of(ada) for _ in range(3)], [poll_of(ada) for _ in range(2)]
    heard: list[Event] = [*map(person_of, people), *waves, *polls]
    for version in range(2, 60):
        one, on = dice.choice(people), dice.random() < 0.5
        wave = dice.choice(waves)
        heard.append(reaction_of(wave, one, version, kind=dice.choice(["like", "clap"]), present=on))
        state = dice.choice(["accepted", "requested", "ended"])
        if one != ada:
            heard.append(follow_of(one, ada, version, state))
            heard.append(BlockChanged(account=ada, other=one, blocked=version % 5 == 0, version=version))
        made: Any = wave_of(one, ripple_of=wave.wave, mentions=[ada] if on else [])
        if version % 2:
            made = comment_of(dice.choice(polls), one, answered=dice.choice([None, ada]))
        heard.append(made)
        if version % 3 == 0:
            more = {"mentions": [ada], "deleted": on} if isinstance(made, WaveChanged) else {"state": "hidden"}
            heard.append(replace(made, version=2, **more))
    return heard


async def test_late_and_doubled_events_leave_the_same_notifications(notifications: Notifications) -> None:
    dice = random.Random(11)
    people = [new_id() for _ in range(5)]
    heard = history(dice, people)
    notifications.hearing = type(notifications.hearing)(_keeping(notifications, 10_000))
    await hear(notifications, *heard)
    expected = await _facts(notifications, people, {})
    assert len(expected[0]) > 10

    names: dict[UUID, UUID] = {}
    again = [_renamed(event, names) for event in heard]
    again += dice.sample(again, len(again) // 2)
    dice.shuffle(again)
    await hear(notifications, *again)
    assert await _facts(notifications, [names[one] for one in people], {new: old for old, new in names.items()}) == (
        expected
    )


def _keeping(notifications: Notifications, number: int) -> Any:
    kit = notifications.kit
    kit.settings = NotificationsSettings(kept_per_account=number)
    return kit


async def _facts(told: Notifications, people: list[UUID], names: dict[UUID, UUID]) -> list[Counter[Any]]:
    """Return what people are told of, whatever its order, with things called as they were at first."""
    return [
        Counter(
            (one.kind, names.get(one.subject.id, one.subject.id), one.people_count) for one in await listed(told, me)
        )
        for me in people
    ]


def _renamed(event: Event, names: dict[UUID, UUID]) -> Event:
    """Return the same event about others."""

    def renamed(value: Any) -> Any:
        if isinstance(value, UUID):
            return names.setdefault(value, new_id())
        return [renamed(one) for one in value] if isinstance(value, list) else value

    return replace(event, **{name: renamed(getattr(event, name)) for name in event.__struct_fields__})


async def test_those_who_watch_a_poll_are_told_once_each(notifications: Notifications) -> None:
    ada, people = new_id(), [new_id() for _ in range(7)]
    poll = poll_of(ada)
    await hear(notifications, poll)
    for one in people:
        await notifications.watches.put(subject(one), poll.poll)
        await notifications.watches.put(subject(one), poll.poll)
    await notifications.watches.take_back(subject(people[0]), poll.poll)
    for event in (PollOpened, PollOpened, PollClosed):
        await hear(notifications, event(poll=poll.poll, owner=ada, at=datetime.now(UTC)))
    await notifications.sending.work()
    for one in people[1:]:
        assert sorted(await kinds(notifications, one)) == ["poll_closed", "poll_opened"]
    assert await kinds(notifications, ada) == ["poll_closed"]
    assert await kinds(notifications, people[0]) == []


async def test_who_asks_after_a_poll_has_opened_isnt_told_that_it_did(notifications: Notifications) -> None:
    ada, ben = new_id(), new_id()
    poll, opened_at = poll_of(ada), datetime.now(UTC)
    await asyncio.sleep(0.002)  # their order is kept by the millisecond
    await hear(notifications, poll)
    await notifications.watches.put(subject(ben), poll.poll)
    await hear(notifications, PollOpened(poll=poll.poll, owner=ada, at=opened_at))
    await notifications.sending.work()
    assert await kinds(notifications, ben) == []


async def test_an_account_keeps_its_newest(notifications: Notifications) -> None:
    ada = new_id()
    waves = [wave_of(new_id(), mentions=[ada]) for _ in range(55)]
    await hear(notifications, *waves)
    assert [one.subject.id for one in await listed(notifications, ada, 7)] == [one.wave for one in waves[:4:-1]]


@pytest.mark.parametrize("groups", [1, 10])
async def test_a_page_takes_two_statements_however_many_it_is_of(notifications: Notifications, groups: int) -> None:
    ada, others = new_id(), [new_id() for _ in range(groups)]
    waves = [wave_of(other, mentions=[ada]) for other in others]
    await hear(notifications, *map(person_of, others), *waves)
    with statements_of(notifications.kit.db.engine) as statements:
        assert len((await notifications.reading.listed(subject(ada), None, 20)).items) == groups
    assert len(statements) == 2, statements
