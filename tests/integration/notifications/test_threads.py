"""Comments that name somebody, and new comments in threads that people follow: told once, and to whom they concern."""

import random
from uuid import UUID

from msgspec.structs import replace
from services.core.events.outbox import Event
from services.core.ids import new_id
from services.notifications.events import BlockChanged, MuteChanged
from services.notifications.service import Notifications
from tests.conftest import VoteWave

from .conftest import Reader, comment_of, follow_of, hear, kinds, listed, person_of, poll_of, subject, thread_of


async def settle(told: Notifications, *heard: Event) -> None:
    await hear(told, *heard)
    await told.sending.work()


async def read_all(told: Notifications, account: UUID) -> None:
    for one in await listed(told, account):
        await told.reading.mark(subject(account), one.id, read=True)


async def test_a_comment_tells_each_once_of_what_concerns_them_most(notifications: Notifications) -> None:
    owner, author, answered, named, follower = (new_id() for _ in range(5))
    poll = poll_of(owner)
    everybody = [thread_of(poll, one) for one in (author, answered, named, follower)]
    comment = comment_of(poll, author, answered=answered, mentions=[answered, named, author])
    await settle(notifications, poll, *everybody, comment, comment)
    people = (owner, author, answered, named, follower)
    assert [await kinds(notifications, one) for one in people] == [["comment"], [], ["reply"], ["mention"], ["thread"]]
    [told] = await listed(notifications, follower)
    assert (told.subject.type, told.subject.id, told.people[0].id) == ("poll", poll.poll, author)
    await settle(notifications, comment_of(poll, author, mentions=[owner]))
    assert await kinds(notifications, owner) == ["mention", "comment"]


async def test_whom_a_comment_names_no_more_isnt_told_of_it(notifications: Notifications) -> None:
    owner, named = new_id(), new_id()
    poll = poll_of(owner)
    comment = comment_of(poll, new_id(), mentions=[named, owner])
    await settle(notifications, poll, comment)
    assert (await kinds(notifications, named), await kinds(notifications, owner)) == (["mention"], ["mention"])
    await settle(notifications, replace(comment, version=2, mentions=[]))
    assert (await kinds(notifications, named), await kinds(notifications, owner)) == ([], ["comment"])
    await settle(notifications, replace(comment, version=3, mentions=[named]), replace(comment, version=2, mentions=[]))
    assert await kinds(notifications, named) == ["mention"]


async def test_mentions_are_for_who_may_see_the_poll_and_isnt_apart(notifications: Notifications) -> None:
    owner, author, stranger, follower, muting, blocked = (new_id() for _ in range(6))
    poll = poll_of(owner, listing="followers")
    people = (stranger, follower, muting, blocked)
    await settle(notifications, poll, *(follow_of(one, owner) for one in people[1:]))
    await hear(notifications, MuteChanged(account=muting, other=author, muted=True, version=1))
    await hear(notifications, BlockChanged(account=author, other=blocked, blocked=True, version=1))
    await settle(notifications, comment_of(poll, author, mentions=list(people)))
    assert [await kinds(notifications, one) for one in people] == [[], ["mention"], [], []]
    await hear(notifications, follow_of(follower, owner, 2, "none"))
    assert await kinds(notifications, follower) == []


async def test_threads_are_for_who_may_see_the_poll_and_isnt_apart(notifications: Notifications) -> None:
    owner, author, stranger, follower, muting, blocked = (new_id() for _ in range(6))
    poll = poll_of(owner, listing="followers")
    people = (stranger, follower, muting, blocked)
    await settle(notifications, poll, *(follow_of(one, owner) for one in people[1:]))
    await hear(notifications, *(thread_of(poll, one) for one in people))
    await hear(notifications, MuteChanged(account=muting, other=author, muted=True, version=1))
    await hear(notifications, BlockChanged(account=author, other=blocked, blocked=True, version=1))
    await settle(notifications, comment_of(poll, author))
    assert [await kinds(notifications, one) for one in people] == [[], ["thread"], [], []]
    await settle(notifications, comment_of(poll, new_id()))  # by somebody whom nobody minds
    assert [await kinds(notifications, one) for one in people] == [[], ["thread"], ["thread"], ["thread"]]


async def test_a_thread_is_news_again_when_one_has_read_it(votewave: VoteWave, notifications: Notifications) -> None:
    follower, people = new_id(), [new_id() for _ in range(4)]
    poll = poll_of(new_id())
    await settle(notifications, poll, thread_of(poll, follower), *(person_of(one) for one in people))
    for one in people[:3]:
        await settle(notifications, comment_of(poll, one))
    [told] = await listed(notifications, follower)
    assert ([person.id for person in told.people], told.read) == ([people[0]], False)
    [row] = await votewave.sql(
        "SELECT count(*) FROM notifications.happening h JOIN notifications.notification n ON n.id = h.notification"
        " WHERE n.recipient = $1",
        follower,
    )
    assert row["count"] == 1, "what is said before one has looked costs nothing"
    await read_all(notifications, follower)
    await settle(notifications, comment_of(poll, people[3]))
    [again] = await listed(notifications, follower)
    assert (again.id, again.read, again.position > told.position) == (told.id, False, True)
    assert {person.id for person in again.people} == {people[0], people[3]}


async def test_news_that_is_gone_lets_the_next_be_told(notifications: Notifications) -> None:
    follower, author = new_id(), new_id()
    poll = poll_of(new_id())
    comment = comment_of(poll, author)
    await settle(notifications, poll, thread_of(poll, follower), comment)
    await settle(notifications, replace(comment, version=2, state="hidden", text=""))
    assert await kinds(notifications, follower) == []
    await settle(notifications, comment_of(poll, author))
    assert await kinds(notifications, follower) == ["thread"]


async def test_a_comment_that_is_hidden_before_anybody_was_told_is_told_to_nobody(notifications: Notifications) -> None:
    follower = new_id()
    poll = poll_of(new_id())
    comment = comment_of(poll, new_id())
    await hear(notifications, poll, thread_of(poll, follower), comment, replace(comment, version=2, state="hidden"))
    await notifications.sending.work()
    assert await kinds(notifications, follower) == []


async def test_who_leaves_a_thread_isnt_told_of_it(notifications: Notifications) -> None:
    owner, follower = new_id(), new_id()
    poll = poll_of(owner)
    events = [thread_of(poll, follower), thread_of(poll, follower, 2, following=False)]
    events += [thread_of(poll, owner, 1, following=False)]
    for seed in range(5):
        disorder = [*events, *random.Random(seed).choices(events, k=4)]
        random.Random(seed).shuffle(disorder)
        await settle(notifications, poll, *disorder, comment_of(poll, new_id()))
        assert (await kinds(notifications, owner), await kinds(notifications, follower)) == ([], [])
    await settle(notifications, comment_of(poll, new_id(), answered=owner))
    assert await kinds(notifications, owner) == ["reply"], "answers are told in any case"


async def test_from_a_comment_to_the_news(ada: Reader, ben: Reader) -> None:
    """Through the services that are running."""
    poll = await ada.poll()
    path = f"/v1/comments/threads/{poll}"
    await ben.post(f"{path}/follow", {}, "PUT")
    cleo = await ada.another()
    await cleo.post(f"{path}/comments", {"text": "Soup."})
    await ben.finds("thread")
    await ada.finds("comment")
