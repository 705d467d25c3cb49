"""What many are told of is told once to each, whoever is killed, and can be paused."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace
from services.core.identity.subject import Role
from services.core.ids import new_id
from services.core.problems import Problem
from services.notifications.events import PollClosed
from services.notifications.schemas import SendView
from services.notifications.service import Notifications, sending
from tests.conftest import VoteWave, eventually
from tests.integration.notifications.conftest import hear, poll_of, subject

ADMIN = replace(subject(new_id()), role=Role.ADMIN)


async def watched(votewave: VoteWave, people: int) -> tuple[UUID, list[UUID]]:
    """Return a poll, and those who watch it; it has more than one shard."""
    poll, accounts = new_id(), [new_id() for _ in range(people)]
    await votewave.sql(
        "INSERT INTO notifications.watch (poll, account, ordinal)"
        " SELECT $1, account, account FROM unnest($2::uuid[]) AS account",
        poll,
        accounts,
    )
    return poll, accounts


async def told(votewave: VoteWave, poll: UUID) -> Sequence[UUID]:
    rows = await votewave.sql("SELECT recipient FROM notifications.notification WHERE subject = $1", poll)
    return sorted(row["recipient"] for row in rows)


async def test_workers_that_are_killed_leave_nobody_out_and_tell_nobody_twice(
    votewave: VoteWave, notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_AT_ONCE", 7)
    monkeypatch.setattr("services.notifications.service.hearing._SHARD", 50)
    owner = new_id()
    poll, accounts = await watched(votewave, 300)
    closed = PollClosed(poll=poll, owner=owner, at=datetime.now(UTC))
    await hear(notifications, replace(poll_of(owner), poll=poll), closed, closed)
    for seconds in (0.05, 0.15, 0.3):  # wherever each of them is by then
        workers = [asyncio.create_task(notifications.sending.work()) for _ in range(3)]
        await asyncio.sleep(seconds)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def done() -> SendView | None:
        await notifications.sending.work()
        page = await notifications.sending.listed(ADMIN, None, 100)
        [send] = [each for each in page.items if each.subject == poll]
        return send if send.state == "done" else None

    send = await eventually(done)  # another instance may be at work as well
    assert (send.people, send.told) == (300, 300)
    assert await told(votewave, poll) == sorted([*accounts, owner])


async def test_a_send_is_paused_and_goes_on(votewave: VoteWave, notifications: Notifications) -> None:
    poll, accounts = await watched(votewave, 20)
    send = new_id()
    await votewave.sql(
        "INSERT INTO notifications.send (id, kind, subject, actor, at, people, state)"
        " VALUES ($1, 'poll_closed', $2, $3, now(), 20, 'paused')",
        send,
        poll,
        new_id(),
    )
    nobody, last = UUID(int=0), max(accounts)
    await votewave.sql("INSERT INTO notifications.shard (send, after, last) VALUES ($1, $2, $3)", send, nobody, last)
    await notifications.sending.work()
    assert await told(votewave, poll) == []
    with pytest.raises(Problem):
        await notifications.sending.pause(subject(new_id()), send, paused=False)
    with pytest.raises(Problem):
        await notifications.sending.pause(ADMIN, new_id(), paused=True)
    for paused in (True, False, False):
        await notifications.sending.pause(ADMIN, send, paused=paused)

    async def all_told() -> bool:
        await notifications.sending.work()
        return await told(votewave, poll) == sorted(accounts)

    await eventually(all_told)
