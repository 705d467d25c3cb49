"""Messages are told once a conversation until they are read, whatever order events come in."""

import asyncio
import itertools
from typing import Any
from uuid import UUID, uuid4

from services.core.events.outbox import Event
from services.core.ids import new_id
from services.notifications.events import BlockChanged, ConversationSeen, MessageSent, MuteChanged
from services.notifications.schemas import ChannelsEdit
from services.notifications.service import Notifications
from tests.conftest import VoteWave, eventually
from tests.integration.inside import statements_of
from tests.integration.notifications.conftest import Reader, hear, kinds, listed, person_of, subject


def sent(conversation: UUID, seq: int, sender: UUID, *to: UUID, requested: tuple[UUID, ...] = ()) -> MessageSent:
    return MessageSent(
        conversation=conversation, seq=seq, sender=sender, recipients=list(to), requested=list(requested)
    )


def seen(conversation: UUID, seq: int, account: UUID, *, left: bool = False) -> ConversationSeen:
    return ConversationSeen(account=account, conversation=conversation, seq=seq, left=left)


async def test_one_conversation_is_one_notification_until_it_is_read(notifications: Notifications) -> None:
    ada, ben, cleo, talk = new_id(), new_id(), new_id(), new_id()
    await hear(notifications, person_of(ben), person_of(cleo), sent(talk, 1, ben, ada))
    [first] = await listed(notifications, ada)
    assert (first.kind, first.subject.type, first.subject.id, first.read) == ("message", "conversation", talk, False)
    assert [person.id for person in first.people] == [ben]
    await hear(notifications, sent(talk, 2, ben, ada), sent(talk, 3, cleo, ada))
    [more] = await listed(notifications, ada)
    assert (more.position, more.people_count) == (first.position, 2)  # not told again
    await hear(notifications, seen(talk, 3, ada))
    assert [one.read for one in await listed(notifications, ada)] == [True]
    await hear(notifications, sent(talk, 4, ben, ada), sent(new_id(), 1, ben, ada))
    assert [one.read for one in await listed(notifications, ada)] == [False, False]
    assert await kinds(notifications, ben) == []


async def test_each_order_of_events_comes_to_the_same(notifications: Notifications) -> None:
    ben = new_id()
    await hear(notifications, person_of(ben))
    outcomes = set()
    for order in itertools.permutations(range(4)):
        ada, talk = new_id(), new_id()
        told: list[Event] = [sent(talk, number, ben, ada) for number in (1, 2, 3)]
        told.append(seen(talk, 2, ada))
        await hear(notifications, *(told[number] for number in order), told[order[0]])
        outcomes.add(tuple((one.kind, one.read, one.people_count) for one in await listed(notifications, ada)))
    assert outcomes == {(("message", False, 1),)}
    for order in itertools.permutations(range(3)):
        ada, talk = new_id(), new_id()
        told = [sent(talk, 1, ben, ada), sent(talk, 2, ben, ada), seen(talk, 2, ada, left=True)]
        await hear(notifications, *(told[number] for number in order))
        assert await listed(notifications, ada) == [], order


async def test_requests_are_told_as_such_and_go_when_they_are_declined(notifications: Notifications) -> None:
    ada, ben, talk = new_id(), new_id(), new_id()
    await hear(notifications, person_of(ben), sent(talk, 1, ben, requested=(ada,)))
    assert await kinds(notifications, ada) == ["message_request"]
    await hear(notifications, seen(talk, 1, ada, left=True))
    assert await kinds(notifications, ada) == []


async def test_off_muted_and_blocked_arent_told(notifications: Notifications) -> None:
    ada, ben, cleo = new_id(), new_id(), new_id()
    await hear(notifications, person_of(ben), person_of(cleo))
    await hear(notifications, sent(new_id(), 1, ben, ada), sent(new_id(), 1, cleo, ada))
    assert len(await listed(notifications, ada)) == 2
    await hear(notifications, MuteChanged(account=ada, other=ben, muted=True, version=1))
    assert len(await listed(notifications, ada)) == 1
    await hear(notifications, BlockChanged(account=cleo, other=ada, blocked=True, version=1))
    assert await listed(notifications, ada) == []
    await hear(notifications, MuteChanged(account=ada, other=ben, muted=False, version=2))
    await notifications.preferring.edit(subject(ada), "message", ChannelsEdit(in_app=False))
    assert await listed(notifications, ada) == []


async def test_a_group_of_a_hundred_takes_as_many_statements_as_one_of_three(notifications: Notifications) -> None:
    ben, talk = new_id(), new_id()
    await hear(notifications, person_of(ben))
    counts = []
    for size in (3, 99):
        people = [new_id() for _ in range(size)]
        await hear(notifications, sent(talk, 1, ben, *people))  # makes their notifications
        with statements_of(notifications.kit.db.engine) as statements:
            await hear(notifications, sent(talk, 2, ben, *people))
        counts.append(len(statements))
    assert counts[1] <= counts[0] + 2, counts


async def test_what_happens_at_once_is_counted_once(notifications: Notifications) -> None:
    ada, talk, people = new_id(), new_id(), [new_id() for _ in range(8)]
    await hear(notifications, *(person_of(one) for one in people))
    letters = [sent(talk, number, one, ada, *people[:4]) for number, one in enumerate(people, 1)]
    await asyncio.gather(*(hear(notifications, each) for each in letters), hear(notifications, seen(talk, 3, ada)))
    [told] = await listed(notifications, ada)
    assert (told.people_count, told.read) == (8, False)
    await hear(notifications, seen(talk, 8, ada))
    assert [one.read for one in await listed(notifications, ada)] == [True]


async def test_it_goes_all_the_way(votewave: VoteWave, ada: Reader, ben: Reader) -> None:
    body: dict[str, Any] = {"client_id": str(uuid4()), "text": "a secret"}
    first = await ada.post(f"/v1/messaging/people/{ben.account}/messages", body)
    [asked] = await ben.finds("message_request")
    assert asked["people"][0]["id"] == ada.account
    assert "secret" not in str(asked)
    talk = f"/v1/messaging/conversations/{first['conversation']}"
    await ben.post(f"{talk}/request", {"accept": True}, method="PUT")
    await ben.post(f"{talk}/messages", {**body, "text": "Yes."})
    await ada.finds("message")
    assert await ada.unread() == 1
    await ada.post(f"{talk}/read", {"seq": 100}, method="PUT")

    async def read() -> bool:
        return await ada.unread() == 0

    await eventually(read)
    assert await ada.finds("message")
