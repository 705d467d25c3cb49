"""A poll's life: it opens and closes by the clock, and each step is told and logged."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.conftest import VoteWave, eventually

from .conftest import Person, after, service_token, told


async def status(person: Person, poll: dict[str, Any]) -> str:
    answer = await person.read(poll)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


async def test_one_call_creates_and_opens(owner: Person, anybody: Person) -> None:
    poll = await owner.create(publish=True)
    assert poll["status"] == "open"
    assert poll["opens_at"] == poll["published_at"]
    assert poll["rules"]["eligibility"] == "signed_in"
    seen = (await anybody.read(poll)).json()
    assert seen == poll
    by_code = await anybody.call("GET", f"/by-code/{poll['code'][:4].lower()}-{poll['code'][4:]}")
    assert by_code.json() == poll


async def test_a_poll_opens_and_closes_by_itself_and_says_so_within_a_second(
    owner: Person, anybody: Person, votewave: VoteWave
) -> None:
    poll = await owner.create(publish=True, opens_at=after(0.6), closes_at=after(1.2))
    assert poll["status"] == "scheduled"
    await asyncio.sleep(0.75)
    assert await status(anybody, poll) == "open"
    await asyncio.sleep(0.6)
    assert await status(anybody, poll) == "closed"

    async def both() -> list[Any]:
        opened = await told(votewave, poll, "polls.poll.opened")
        closed = await told(votewave, poll, "polls.poll.closed")
        return [*opened, *closed] if opened and closed else []

    opened, closed = await eventually(both, 3)
    for event, moment in ((opened, poll["opens_at"]), (closed, poll["closes_at"])):
        assert event["at"] == moment
        late = event["told_at"] - datetime.fromisoformat(moment)
        assert timedelta(0) <= late < timedelta(seconds=1)


async def test_moments_during_a_restart_are_told_right_after_it(
    owner: Person, anybody: Person, votewave: VoteWave
) -> None:
    poll = await owner.create(publish=True, opens_at=after(0.3), closes_at=after(0.6))
    await asyncio.to_thread(votewave.restart)
    await asyncio.sleep(0.5)
    assert await status(anybody, poll) == "closed"
    opened = await told(votewave, poll, "polls.poll.opened")
    closed = await told(votewave, poll, "polls.poll.closed")
    assert [event["at"] for event in (*opened, *closed)] == [poll["opens_at"], poll["closes_at"]]
    assert opened[0]["told_at"] <= closed[0]["told_at"]


async def test_a_poll_walks_from_draft_to_archive_and_leaves_a_trace(
    owner: Person, anybody: Person, votewave: VoteWave
) -> None:
    poll = await owner.create()
    assert poll["status"] == "draft"
    assert (await anybody.read(poll)).status_code == 404
    assert (await owner.act(poll, "close")).status_code == 409
    assert (await owner.act(poll, "publish")).json()["status"] == "open"
    assert (await owner.act(poll, "archive")).status_code == 409
    assert (await owner.act(poll, "close")).json()["status"] == "closed"
    assert (await owner.act(poll, "archive")).json()["status"] == "archived"
    assert await status(anybody, poll) == "archived"
    assert (await owner.act(poll, "unarchive")).json()["status"] == "closed"
    assert await owner.acts(poll) == ["unarchived", "archived", "closed", "published"]
    events = await told(votewave, poll)
    assert [event["version"] for event in events] == [2, 3, 4, 5]
    assert [event["archived_at"] is not None for event in events] == [False, False, True, False]


@pytest.mark.parametrize("act", ["publish", "close", "archive", "unarchive"])
async def test_repeating_an_act_changes_nothing(owner: Person, votewave: VoteWave, act: str) -> None:
    poll = await owner.create(publish=True)
    before = {"publish": [], "close": [], "archive": ["close"], "unarchive": ["close", "archive"]}[act]
    for step in before:
        assert (await owner.act(poll, step)).status_code == 200
    answers = await asyncio.gather(*(owner.act(poll, act) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert len(await told(votewave, poll)) == 1 + len(before) + (act != "publish")


async def test_a_draft_whose_end_has_passed_cant_be_published(owner: Person) -> None:
    poll = await owner.create(closes_at=after(0.4))
    await asyncio.sleep(0.5)
    answer = await owner.act(poll, "publish")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["closes_at"]


async def test_the_event_and_the_internal_answer_are_the_same(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(
        publish=True, method={"type": "stv", "seats": 2}, rules={"eligibility": "anyone", "quorum": 7, "minimum": 3}
    )
    [event] = await told(votewave, poll)
    event.pop("told_at")
    path = f"/internal/polls/{poll['id']}/rules"
    answer = await owner.http.get(path, headers={"votewave-service": service_token(votewave)})
    assert answer.json() == event
    assert event == {
        "poll": poll["id"],
        "version": 1,
        "owner": owner.account,
        "code": poll["code"],
        "published_at": poll["published_at"],
        "listing": "public",
        "title": "Lunch?",
        "question_version": 0,
        "notes": [],
        "method": "stv",
        "options": [{"id": 1, "label": "Soup"}, {"id": 2, "label": "Salad"}, {"id": 3, "label": "Rice"}],
        "seats": 2,
        "min_picks": 0,
        "max_picks": 0,
        "max_score": 0,
        "points": 0,
        "max_ranks": None,
        "allow_ties": False,
        "abstain": False,
        "change": True,
        "withdraw": True,
        "anonymous": False,
        "results": "always",
        "minimum": 3,
        "eligibility": "anyone",
        "strength": "guest",
        "quorum": 7,
        "opens_at": poll["opens_at"],
        "closes_at": None,
        "closed_at": None,
        "archived_at": None,
        "deleted": False,
        "hashtags": [],
    }
    assert (await owner.http.get(path)).status_code == 404
    draft = await owner.create()
    path = f"/internal/polls/{draft['id']}/rules"
    answer = await owner.http.get(path, headers={"votewave-service": service_token(votewave)})
    assert answer.status_code == 404
