"""A hall: hosts on stage, questions and reactions from the audience."""

import asyncio
import csv
import io
from datetime import datetime
from uuid import uuid4

import httpx
from services.votebooth.service import VoteBooth
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of

from ..booth_world import a_guest, a_poll, a_user, cast
from .conftest import a_co_host, a_room, joined, replayed


async def a_draft(client: httpx.AsyncClient, owner: dict[str, str], **more: object) -> str:
    body = {
        "title": "Which?",
        "method": {"type": "single"},
        "options": [{"label": "Red"}, {"label": "Blue"}],
        "rules": {"eligibility": "anyone"},
        **more,
    }
    answer = await client.post("/v1/polls", json=body, headers=owner)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_hosts_open_and_close_polls_as_their_owners_act(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    host = await a_room(client, owner)
    other, bo = await a_co_host(host), await joined(host)
    draft, later = await a_draft(client, owner), await a_draft(client, owner, opens_at="2099-01-01T00:00:00Z")
    await client.post(f"/v1/polls/{later}/publish", headers=owner)
    assert kind_of(await other.ask("PUT", "/stage", {"poll": draft})) == (404, "not-found"), "another's draft"
    await host.do("PUT", "/agenda", {"polls": [draft, later]})
    assert kind_of(await host.ask("POST", "/open")) == (409, "no-poll")
    for poll in (draft, later):
        on_stage = (await host.sees())["stage"]["poll"]
        await other.do("POST", "/next", {"after": on_stage})
        if poll is later:
            assert kind_of(await other.ask("POST", "/close")) == (409, "not-open")
        opened = await other.do("POST", "/open")
        assert opened["stage"]["version"] >= 1
        assert (await other.do("POST", "/open"))["seq"] == opened["seq"], "again, it does nothing"
        await cast(client, poll, bo.headers, {"picks": [1]})
        closed = await other.do("POST", "/close")
        assert closed["stage"]["version"] > opened["stage"]["version"]
        late = await client.put(
            f"/v1/votebooth/polls/{poll}/ballot", json={"picks": [1]}, headers=await a_guest(client)
        )
        assert late.status_code == 410
    log = (await client.get(f"/v1/polls/{draft}/log", headers=owner)).json()["items"]
    assert [entry["act"] for entry in log] == ["closed", "published"]
    assert {entry["actor"]["id"] for entry in log} == {await host.account()}
    assert (await host.do("POST", "/next", {"after": later}))["stage"]["poll"] is None


async def test_others_polls_are_shown_and_not_led(client: httpx.AsyncClient) -> None:
    owner, stranger = await a_user(client), await a_user(client)
    host = await a_room(client, owner)
    poll = await a_poll(client, stranger)
    await host.do("PUT", "/stage", {"poll": poll})
    assert kind_of(await host.ask("POST", "/close")) == (403, "not-the-owner")
    assert kind_of(await host.ask("PUT", "/stage", {"poll": str(uuid4())})) == (404, "not-found")
    other = await a_co_host(host)
    theirs = await a_poll(client, other.headers)
    await other.do("PUT", "/stage", {"poll": theirs})
    await host.do("DELETE", f"/hosts/{await other.account()}")
    assert kind_of(await host.ask("POST", "/close")) == (403, "not-the-owner"), "who put it there is a host no more"


async def test_questions_are_asked_moderated_and_ordered(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    host = await a_room(client, moderated=True)
    ada, bo = await joined(host, "Ada"), await joined(host, "Bo")
    first, second = await ada.question("First?", anonymous=True), await bo.question("=Second?")
    assert (await bo.sees())["questions"] == []
    assert kind_of(await bo.ask("PUT", f"/questions/{first}/vote")) == (404, "not-found"), "it isn't to be seen yet"
    assert [q["by"]["name"] for q in (await host.sees())["questions"]] == ["Ada", "Bo"]
    for question in (first, second):
        await host.do("PATCH", f"/questions/{question}", {"shown": True})
    seen = (await bo.sees())["questions"]
    assert [(q["id"], q["by"]) for q in seen] == [(first, None), (second, {"name": "Bo", "guest": True})]
    answers = await asyncio.gather(*(ada.do("PUT", f"/questions/{second}/vote") for _ in range(5)))
    assert {answer["votes"] for answer in answers} == {1}, "one each"
    assert [q["id"] for q in (await bo.sees())["questions"]] == [second, first]
    assert (await ada.sees())["mine"] == {"name": "Ada", "questions": [first], "votes": [second]}
    await host.do("PATCH", f"/questions/{first}", {"pinned": True, "answered": True})
    assert [q["id"] for q in (await bo.sees())["questions"]] == [first, second]
    changes = (await bo.do("GET", "/changes?after=0"))["changes"]
    assert "Ada" not in str(changes)
    assert all(change["actor"] is None for change in changes)
    again = {"text": "First?", "anonymous": True}
    await ada.do("PUT", f"/questions/{first}", again)
    assert kind_of(await bo.ask("PUT", f"/questions/{first}", again)) == (409, "id-taken")
    assert kind_of(await bo.ask("PUT", f"/questions/{uuid4()}", {"text": "y" * 301})) == (422, "question-refused")
    assert kind_of(await bo.ask("DELETE", f"/questions/{first}")) == (404, "not-found")
    exported = await host.ask("GET", "/questions.csv")
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert [(row["name"], row["question"], row["votes"]) for row in rows] == [
        ("Ada", "First?", "0"),
        ("Bo", "'=Second?", "1"),
    ]
    await host.do("PATCH", f"/questions/{second}", {"shown": False})
    assert kind_of(await ada.ask("DELETE", f"/questions/{second}/vote")) == (404, "not-found")
    await host.do("PATCH", "", {"asking": False})
    assert kind_of(await bo.ask("PUT", f"/questions/{uuid4()}", {"text": "Now?"})) == (409, "not-asking")
    await host.do("DELETE", f"/questions/{first}")
    await host.do("POST", "/end")
    assert kind_of(await bo.ask("PUT", f"/questions/{second}/vote")) == (410, "closed")
    await replayed(votewave, (await host.sees())["room"])


async def test_votes_for_a_question_at_once_are_all_counted(client: httpx.AsyncClient) -> None:
    host = await a_room(client)
    ada = await joined(host, "Ada")
    question = await ada.question("Why?")
    crowd = await asyncio.gather(*(joined(host, f"Bo {number}") for number in range(12)))
    votes = await asyncio.gather(*(each.do("PUT", f"/questions/{question}/vote") for each in crowd))
    assert sorted(vote["votes"] for vote in votes) == list(range(1, 13))
    [seen] = (await ada.sees())["questions"]
    assert seen["votes"] == 12


async def test_reactions_come_in_steps_of_time_and_belong_to_nobody(
    client: httpx.AsyncClient, votewave: VoteWave, booth: VoteBooth
) -> None:
    host = await a_room(client)
    crowd = [await joined(host, f"Bo {number}") for number in range(3)]
    before = await host.sees()
    for each in crowd:
        for emoji in ("clap", "heart"):
            await each.do("POST", "/reactions", {"emoji": emoji})
    assert (await crowd[0].ask("POST", "/reactions", {"emoji": "🍕"})).status_code == 400

    async def told() -> bool:
        await booth.rooms.pulse.beat(booth.hub)
        rows = await votewave.sql("SELECT 1 FROM votebooth.room_reactions WHERE room_id = $1::uuid", before["room"])
        return not rows

    await eventually(told, seconds=15)
    changes = (await host.do("GET", f"/changes?after={before['seq']}"))["changes"]
    steps = [change["part"] for change in changes if change["part"]["type"] == "reactions"]
    assert {change["actor"] for change in changes} == {None}
    for emoji in ("clap", "heart"):
        assert sum(step["counts"].get(emoji, 0) for step in steps) == 3
    assert all(datetime.fromisoformat(step["until"]).timestamp() % 5 == 0 for step in steps)
    columns = await votewave.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'room_reactions'"
    )
    assert {row["column_name"] for row in columns} == {"room_id", "until", "emoji", "count"}
    await host.do("PATCH", "", {"reacting": False})
    assert kind_of(await crowd[0].ask("POST", "/reactions", {"emoji": "up"})) == (409, "not-reacting")
    statuses = [(await crowd[1].ask("POST", "/reactions", {"emoji": "up"})).status_code for _ in range(35)]
    assert 429 in statuses
