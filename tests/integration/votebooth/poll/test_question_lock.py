"""A question isn't turned round after a vote, and no ballot counts for words that its voter wasn't shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from tests.conftest import VoteWave, eventually
from tests.integration.polls.conftest import service_token

from ..voting import Poll, guests, poll, secret

PICK = {"picks": [1]}


async def edit(voted: Poll, **values: Any) -> httpx.Response:
    return await voted.client.patch(f"/v1/polls/{voted.id}", headers=voted.owner, json=values)


async def title(voted: Poll) -> str:
    return str((await voted.client.get(f"/v1/polls/{voted.id}")).json()["title"])


async def cast(voted: Poll, voter: dict[str, str], version: int | None = None) -> httpx.Response:
    shown = {} if version is None else {"Poll-Version": str(version)}
    body = {**PICK, **({"secret": secret()} if voted.anonymous else {})}
    return await voted.client.put(f"{voted.path}/ballot", headers={**voter, **shown}, json=body)


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "").rsplit("/", 1)[-1]


async def hold(voted: Poll, votewave: VoteWave, version: int) -> bool:
    headers = {"votewave-service": service_token(votewave)}
    path = f"/internal/votebooth/polls/{voted.id}/hold?version={version}"
    answer = await voted.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["held"])


@asynccontextmanager
async def locked(votewave: VoteWave, row: str, poll_id: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold a row as a transaction does that is under way; it is given up unless the test commits.

    It is there once VoteBooth has heard of the poll.
    """
    connection = await asyncpg.connect(votewave.admin_dsn)
    try:
        await connection.execute("BEGIN")
        await eventually(lambda: connection.fetchval(f"SELECT 1 FROM {row} = $1 FOR UPDATE", poll_id))
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("withdrawn", [False, True])
async def test_the_question_is_locked_once_there_was_a_ballot(
    client: httpx.AsyncClient, anonymous: bool, withdrawn: bool
) -> None:
    voted = await poll(client, rules={"anonymous": anonymous})
    [voter] = await guests(client, 1)
    own = secret()
    answer = await voted.put(voter, {**PICK, **({"secret": own} if anonymous else {})})
    assert answer.status_code == 201, answer.text
    if withdrawn:
        assert (await voted.withdraw(voter, **({"secret": own} if anonymous else {}))).status_code == 204
    for field, values in {
        "title": {"title": "Dinner?"},
        "description": {"description": "At noon."},
        "options.0.description": {"options": [{"id": 1, "description": "The other one"}, {"id": 2}, {"id": 3}]},
        "options.1.link": {"options": [{"id": 1}, {"id": 2, "link": "https://example.org"}, {"id": 3}]},
    }.items():
        answer = await edit(voted, **values)
        assert kind(answer) == (409, "locked"), answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await edit(voted, closes_at="2100-01-01T00:00:00Z")).status_code == 200
    assert await title(voted) == "Lunch?"


async def test_before_the_first_ballot_words_may_be_mended_and_voters_must_have_seen_them(
    client: httpx.AsyncClient,
) -> None:
    voted = await poll(client)
    answer = await edit(voted, title="Dinner?")
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    [voter] = await guests(client, 1)
    for version in (None, 1):
        refused = await cast(voted, voter, version)
        assert kind(refused) == (409, "question-changed"), refused.text
        assert refused.json()["version"] == 2
    assert (await cast(voted, voter, 2)).status_code == 201
    assert kind(await edit(voted, title="Supper?")) == (409, "locked")
    assert (await edit(voted, closes_at="2100-01-01T00:00:00Z")).json()["version"] == 3
    assert (await cast(voted, voter, 2)).status_code == 200  # the question is as it was


@pytest.mark.parametrize("version", ["0", "-1", "1.0", "two", "", "9007199254740992", "9" * 400])
async def test_a_version_that_is_none_is_refused_before_a_question_changes(
    client: httpx.AsyncClient, version: str
) -> None:
    """Passed over, it would be a client's mistake that shows on the day when an owner mends a word."""
    voted = await poll(client)
    [voter] = await guests(client, 1)
    answer = await client.put(f"{voted.path}/ballot", headers={**voter, "Poll-Version": version}, json=PICK)
    assert kind(answer) == (400, "malformed-request"), answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["Poll-Version"]
    assert (await cast(voted, voter, 1)).status_code == 201


async def test_a_ballot_and_an_edit_at_once_have_one_order(client: httpx.AsyncClient) -> None:
    """Either the ballot was first, and the words stay; or the words were, and the ballot is refused."""
    outcomes = set()
    for _ in range(12):
        voted = await poll(client)
        [voter] = await guests(client, 1)
        edited, ballot = await asyncio.gather(edit(voted, title="Dinner?"), cast(voted, voter))
        first = "edit" if edited.status_code == 200 else "ballot"
        outcomes.add(first)
        if first == "edit":
            assert kind(ballot) == (409, "question-changed"), ballot.text
            assert await title(voted) == "Dinner?"
        else:
            assert kind(edited) == (409, "locked"), edited.text
            assert ballot.status_code == 201, ballot.text
            assert await title(voted) == "Lunch?"
    assert outcomes


async def test_ballots_wait_for_an_edit_that_is_under_way(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    voters = await guests(client, 4)
    async with locked(votewave, "polls.poll WHERE id", voted.id) as editing:
        assert await hold(voted, votewave, 2)
        ballots = [asyncio.create_task(cast(voted, voter)) for voter in voters]
        await asyncio.sleep(0.5)
        assert not any(ballot.done() for ballot in ballots)
        await editing.execute(
            "UPDATE polls.poll SET title = 'Dinner?', version = 2, question_version = 2 WHERE id = $1", voted.id
        )
        await editing.execute("COMMIT")
        answers = await asyncio.gather(*ballots)
    assert {kind(answer) for answer in answers} == {(409, "question-changed")}
    assert (await cast(voted, voters[0], 2)).status_code == 201


async def test_an_edit_that_was_cut_short_keeps_nobody_from_voting(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    """The process is killed after it had ballots wait, before it committed."""
    voted = await poll(client)
    voters = await guests(client, 3)
    async with locked(votewave, "polls.poll WHERE id", voted.id):
        assert await hold(voted, votewave, 2)
        ballot = asyncio.create_task(cast(voted, voters[0]))
        await asyncio.sleep(0.3)
        assert not ballot.done()
    assert (await ballot).status_code == 201  # under the words that were there all along
    assert (await cast(voted, voters[1])).status_code == 201
    assert not await hold(voted, votewave, 2)
    assert (await cast(voted, voters[2])).status_code == 201


async def test_without_an_answer_from_votebooth_nothing_changes(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    [voter] = await guests(client, 1)
    before = (await client.get(f"/v1/polls/{voted.id}")).json()
    async with locked(votewave, "votebooth.counters WHERE poll_id", voted.id):
        answer = await edit(voted, title="Dinner?")
    assert kind(answer) == (503, "unavailable")
    assert (await client.get(f"/v1/polls/{voted.id}")).json() == before
    assert (await cast(voted, voter)).status_code == 201


async def test_a_scheduled_poll_whose_words_change_is_for_voters_who_saw_the_last(client: httpx.AsyncClient) -> None:
    voted = await poll(client, opens_at="2100-01-01T00:00:00Z")
    [voter] = await guests(client, 1)
    assert (await edit(voted, title="Dinner?")).status_code == 200
    assert (await edit(voted, opens_at=None)).status_code == 200
    assert kind(await cast(voted, voter)) == (409, "question-changed")
    assert (await cast(voted, voter, 3)).status_code == 201


async def test_where_a_minimum_hides_whether_somebody_has_voted_the_lock_doesn_t_tell(
    client: httpx.AsyncClient,
) -> None:
    voted = await poll(client, rules={"minimum": 5})
    before = kind(await edit(voted, title="Who is it?"))
    [voter] = await guests(client, 1)
    assert (await cast(voted, voter)).status_code == 201
    assert before == kind(await edit(voted, title="Who is it?")) == (409, "locked")


async def test_many_edits_at_once_leave_polls_a_connection_for_votebooth(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client)
    answers = await asyncio.gather(*(edit(voted, title=f"No. {number}") for number in range(20)))
    assert {answer.status_code for answer in answers} == {200}
