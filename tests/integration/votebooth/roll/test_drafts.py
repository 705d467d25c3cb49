"""Tokens and rolls of drafts: prepared by the owner alone, good for nothing before the poll is published."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.problems import Problem
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.projection import Projection
from services.votebooth.roll import preparing, repository
from services.votebooth.roll.preparing import OwnPolls
from sqlalchemy.ext.asyncio import AsyncSession
from tests.conftest import VoteWave, eventually

from ..voting import Instance, Poll, booth_kit, guest, poll, recount, user
from .invitations import invite, issue, mails, roll, sent

OWNER = Subject(uuid4(), Kind.USER, Role.USER, uuid4(), frozenset("*"), 2**40)
THERE = preparing._Preparing(OWNER.id, "roll", published=False)


async def draft(client: httpx.AsyncClient, eligibility: str, **values: Any) -> Poll:
    return await poll(client, rules={"eligibility": eligibility}, publish=False, **values)


async def publish(voted: Poll) -> None:
    answer = await voted.client.post(f"/v1/polls/{voted.id}/publish", headers=voted.owner)
    assert answer.status_code == 200, answer.text


async def edit(voted: Poll, **values: Any) -> None:
    answer = await voted.client.patch(f"/v1/polls/{voted.id}", headers=voted.owner, json=values)
    assert answer.status_code in {200, 202}, answer.text


async def held(votewave: VoteWave, voted: Poll) -> tuple[int, int, int]:
    """Return how many tokens, addresses and marks of a draft are stored for a poll."""
    tables = ("credentials", "roll", "drafts")
    counts = [
        (await votewave.sql(f"SELECT count(*) AS n FROM votebooth.{table} WHERE poll_id = $1", voted.id))[0]["n"]
        for table in tables
    ]
    return counts[0], counts[1], counts[2]


async def test_tokens_of_a_draft_are_good_once_it_is_published(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await draft(client, "tokens")
    tokens = await issue(voted, 2)
    voter = await guest(client)
    assert (await voted.put(voter, {"picks": [1]}, token=tokens[0])).status_code == 404
    for path in ("results", "receipts", "summary", "log"):
        assert (await client.get(f"{voted.path}/{path}", headers=voted.owner)).status_code == 404, path
    await publish(voted)

    async def takes() -> bool:  # who asked for it as a draft waits for a moment
        return (await voted.put(voter, {"picks": [1]}, token=tokens[0])).status_code == 201

    await eventually(takes)
    tokens += await issue(voted, 1)
    assert (await voted.put(voter, {"picks": [1]}, token=tokens[2])).status_code == 201
    assert await recount(votewave, voted.id) == (2, [])
    assert await held(votewave, voted) == (3, 0, 0)


async def test_a_draft_is_prepared_by_its_owner_alone(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    by_token, by_roll = await draft(client, "tokens"), await draft(client, "roll")
    for who, status in ((await user(client), 404), ({}, 401)):
        answers = [
            await client.post(f"{by_token.path}/tokens", headers=who, json={"count": 1}),
            await client.post(f"{by_roll.path}/roll", headers=who, json={"addresses": ["ada@example.org"]}),
            await client.get(f"{by_roll.path}/roll", headers=who),
        ]
        assert [answer.status_code for answer in answers] == [status] * 3
    assert (await client.post(f"{by_roll.path}/tokens", headers=by_roll.owner, json={"count": 1})).status_code == 409
    assert (await invite(by_token, "ada@example.org")).status_code == 409
    nowhere = Poll(client, by_roll.owner, {"id": str(uuid4())})
    assert (await invite(nowhere, "ada@example.org")).status_code == 404
    assert [await held(votewave, each) for each in (by_token, by_roll, nowhere)] == [(0, 0, 0)] * 3


async def test_invitations_to_a_draft_leave_when_it_is_published(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await draft(client, "roll")
    assert (await roll(voted))["items"] == []
    ada, bo = (f"{name}-{uuid4().hex[:8]}@example.org" for name in ("ada", "bo"))
    assert (await invite(voted, ada, bo)).json() == {"waiting": 2, "sent": 0, "failed": 0}
    assert (await invite(voted, bo, resend=True)).json() == {"waiting": 2, "sent": 0, "failed": 0}
    await asyncio.sleep(1.5)
    found = await roll(voted)
    assert [(item["state"], item["took_part"]) for item in found["items"]] == [("waiting", None)] * 2
    assert mails(votewave, ada, voted.code) == []
    assert (await held(votewave, voted))[0] == 0, "no token before its mail"
    await edit(voted, title="Where to?", opens_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    await publish(voted)
    assert (await sent(voted))["progress"] == {"waiting": 0, "sent": 2, "failed": 0}
    assert [len(mails(votewave, address, voted.code)) for address in (ada, bo)] == [1, 1]


async def test_a_deleted_draft_takes_its_roll_and_tokens_along(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await draft(client, "tokens")
    await issue(voted, 3)
    await edit(voted, rules={"eligibility": "roll"})
    await invite(voted, "ada@example.org")
    assert await held(votewave, voted) == (3, 1, 1)
    assert (await client.delete(f"/v1/polls/{voted.id}", headers=voted.owner)).status_code == 204

    async def gone() -> bool:
        return await held(votewave, voted) == (0, 0, 0)

    await eventually(gone)
    assert (await invite(voted, "ada@example.org")).status_code == 404
    assert await held(votewave, voted) == (0, 0, 0)


@pytest.mark.parametrize("publishes", [False, True], ids=["draft", "scheduled"])
async def test_tokens_and_rolls_don_t_outlive_another_eligibility(
    client: httpx.AsyncClient, votewave: VoteWave, *, publishes: bool
) -> None:
    """Who made tokens for a poll by token could else vote with them in one whose voters were invited."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    to_roll, to_tokens = [
        await poll(client, rules={"eligibility": e}, publish=publishes, opens_at=later) for e in ("tokens", "roll")
    ]
    await issue(to_roll, 2)
    address = f"ada-{uuid4().hex[:8]}@example.org"
    await invite(to_tokens, address)
    if publishes:
        await sent(to_tokens)
    await edit(to_roll, rules={"eligibility": "roll"})
    await edit(to_tokens, rules={"eligibility": "tokens"})
    if not publishes:
        await publish(to_roll)
        await publish(to_tokens)

    async def dropped() -> bool:
        return await held(votewave, to_roll) == (0, 0, 0) == await held(votewave, to_tokens)

    await eventually(dropped)
    await asyncio.sleep(1.2)
    assert len(mails(votewave, address, to_tokens.code)) == publishes
    assert await held(votewave, to_tokens) == (0, 0, 0)


async def test_who_prepares_while_the_draft_is_published_or_deleted_loses_nothing_and_leaves_nothing(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    owner = await user(client)
    for number in range(3):
        published, deleted = [await draft(client, "roll", owner=owner) for _ in range(2)]
        addresses = [f"{who}-{uuid4().hex[:8]}@example.org" for who in "abc"]
        answers = await asyncio.gather(
            *(invite(published, address) for address in addresses[:number]),
            publish(published),
            *(invite(published, address) for address in addresses[number:]),
        )
        assert all(answer is None or answer.status_code == 202 for answer in answers)
        assert (await sent(published))["progress"] == {"waiting": 0, "sent": 3, "failed": 0}
        await asyncio.gather(
            *(invite(deleted, address) for address in addresses[:number]),
            client.delete(f"/v1/polls/{deleted.id}", headers=owner),
            *(invite(deleted, address) for address in addresses[number:]),
        )

        async def gone(voted: Poll = deleted) -> bool:
            return await held(votewave, voted) == (0, 0, 0)

        await eventually(gone)
        assert (await held(votewave, published))[1:] == (3, 0)


async def add_to(
    votewave: VoteWave, poll_id: UUID, monkeypatch: pytest.MonkeyPatch, ask: Callable[[AsyncSession], Awaitable[Any]]
) -> int:
    """Add a voter to OWNER's draft, of which Polls says what `ask` returns; return the status of the refusal."""
    kit = booth_kit(votewave)
    own = OwnPolls(kit, Projection(kit), Audience(kit))

    async def asked(_: UUID) -> Any:
        async with kit.db.transaction() as session:
            return await ask(session)

    monkeypatch.setattr(own, "_ask", asked)
    try:
        with pytest.raises(Problem) as refused:
            async with own.adding(OWNER, poll_id, "roll") as (session, _):
                await repository.invite(session, poll_id, ["ada@example.org"], resend=False, draft=True)
        return refused.value.status
    finally:
        await kit.db.close()
        await kit.shared.close()


async def test_what_somebody_adds_while_a_draft_is_found_to_be_gone_goes_with_it(
    client: httpx.AsyncClient, votewave: VoteWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They asked Polls before the other's mark was there, and the draft is deleted before the other asks again."""
    poll_id = uuid4()
    answers = [THERE, None]

    async def ask(session: AsyncSession) -> Any:
        if len(answers) == 1:
            assert await repository.hold_poll(session, poll_id, None)
            await repository.invite(session, poll_id, ["bo@example.org"], resend=False, draft=True)
        return answers.pop(0)

    assert await add_to(votewave, poll_id, monkeypatch, ask) == 404
    assert answers == []
    assert await held(votewave, Poll(client, {}, {"id": str(poll_id)})) == (0, 0, 0)


async def test_nothing_is_added_under_a_mark_that_a_killed_process_left_after_the_drafts_end(
    client: httpx.AsyncClient, votewave: VoteWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever adds has asked Polls before the draft was deleted, whose event was through before that mark was made."""
    poll_id = uuid4()
    answers = [THERE, None]

    async def ask(session: AsyncSession) -> Any:
        await repository.mark_draft(session, poll_id, OWNER.id)
        return answers.pop(0)

    assert await add_to(votewave, poll_id, monkeypatch, ask) == 404
    assert await held(votewave, Poll(client, {}, {"id": str(poll_id)})) == (0, 0, 0)


async def test_drafts_count_under_the_quotas(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    owner = await user(client)
    first, second = [await draft(client, "roll", owner=owner) for _ in range(2)]
    tokens = await draft(client, "tokens", owner=owner)
    booth = Instance(votewave, VOTEWAVE_VOTEBOOTH_INVITATIONS_PER_DAY="5", VOTEWAVE_VOTEBOOTH_TOKENS_PER_POLL="5")
    await booth.start()
    try:
        async with httpx.AsyncClient(base_url=booth.url, timeout=20) as there:
            here, beside, by_token = (Poll(there, owner, {"id": each.id}) for each in (first, second, tokens))
            assert (await invite(here, *(f"v{n}@example.org" for n in range(4)))).status_code == 202
            assert (await invite(beside, "a@example.org", "b@example.org")).status_code == 429
            await votewave.sql("UPDATE votebooth.audit_log SET at = at - interval '1 day' WHERE poll_id = $1", first.id)
            # Published together they would have more mailed than a day's.
            over = await invite(beside, "a@example.org", "b@example.org")
            assert (over.status_code, over.json()["type"].rpartition("/")[2]) == (429, "over-quota")
            assert (await invite(beside, "a@example.org")).status_code == 202
            made = await asyncio.gather(
                *(there.post(f"{by_token.path}/tokens", headers=owner, json={"count": 3}) for _ in range(4))
            )
            assert sorted(answer.status_code for answer in made) == [201, 429, 429, 429]
    finally:
        booth.stop()
    assert (await held(votewave, tokens))[0] == 3


async def test_an_idempotency_key_makes_its_tokens_once(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    first = await draft(client, "tokens")
    second = await draft(client, "tokens", owner=first.owner)

    async def ask(voted: Poll, count: int = 2) -> tuple[int, str]:
        headers = {**voted.owner, "idempotency-key": "once"}
        answer = await client.post(f"{voted.path}/tokens", headers=headers, json={"count": count})
        return answer.status_code, answer.json().get("type", "").rpartition("/")[2]

    answers = await asyncio.gather(*(ask(first) for _ in range(6)))
    assert sorted(answers) == [(201, "")] + [(409, "already-done")] * 5
    assert await ask(first, 3) == (409, "idempotency-key-used")
    assert await ask(second) == (201, "")
    await publish(first)
    assert await ask(first) == (409, "already-done")
    assert [(await held(votewave, each))[0] for each in (first, second)] == [2, 2]
