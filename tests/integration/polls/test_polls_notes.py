"""Notes beside a locked question, and polls that no list shows."""

import asyncio
import csv
import json
from typing import Any

import httpx
from tests.conftest import VoteWave, eventually

from .conftest import Person, after, told


async def note(by: Person, poll: dict[str, Any], text: str = "Salad is vegan.", **headers: str) -> httpx.Response:
    return await by.call("POST", f"/{poll['id']}/notes", {"text": text}, **headers)


async def test_a_note_stands_beside_the_question_with_its_time_and_stays(
    owner: Person, other: Person, votewave: VoteWave
) -> None:
    poll = await owner.create(publish=True)
    answer = await note(owner, poll, "  Salad is vegan.\r\nSoup isn't. ")
    assert answer.status_code == 201, answer.text
    noted = answer.json()
    [first] = noted["notes"]
    assert first["text"] == "Salad is vegan.\nSoup isn't."
    assert first["at"] == noted["updated_at"] > poll["updated_at"]
    assert noted == {**poll, "notes": [first], "version": 2, "updated_at": noted["updated_at"]}
    assert (await other.read(poll)).json() == noted
    assert (await owner.act(poll, "close")).status_code == 200
    assert [each["text"] for each in (await note(owner, poll, "Thanks!")).json()["notes"]] == [first["text"], "Thanks!"]
    assert [len(event["notes"]) for event in await told(votewave, poll)] == [0, 1, 1, 2]
    assert (await owner.edit(poll, notes=[])).status_code in {400, 422}
    assert (await owner.acts(poll))[0] == "noted"
    assert (await owner.act(poll, "duplicate")).json()["notes"] == []


async def test_notes_are_the_owner_s_of_published_polls_and_bounded(owner: Person, other: Person) -> None:
    poll = await owner.create(publish=True)
    assert (await note(other, poll)).status_code == 403
    assert (await note(owner, await owner.create())).status_code == 409
    for text in ("", " ", "x" * 1_001):
        answer = await note(owner, poll, text)
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == ["text"]
    answers = await asyncio.gather(*(note(owner, poll, f"Note {n}") for n in range(22)))
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [429] * 2
    assert len((await owner.read(poll)).json()["notes"]) == 20
    await owner.act(poll, "close")
    await owner.act(poll, "archive")
    assert (await note(owner, poll)).status_code == 409


async def test_a_note_is_added_once_for_a_key(owner: Person) -> None:
    poll = await owner.create(publish=True)
    answers = await asyncio.gather(*(note(owner, poll, Idempotency_Key="once") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert {len(answer.json()["notes"]) for answer in answers} == {1}
    assert (await note(owner, poll, "Another", Idempotency_Key="once")).status_code == 409


async def test_results_and_exports_show_notes_also_long_ones(owner: Person, client: httpx.AsyncClient) -> None:
    poll = await owner.create(publish=True)
    texts = [f"{n} " + "x" * 990 for n in range(6)]  # more than travels with the event
    for text in texts:
        assert (await note(owner, poll, text)).status_code == 201
    notes = (await owner.read(poll)).json()["notes"]
    path = f"/v1/votebooth/polls/{poll['id']}"

    async def shown() -> bool:
        return bool((await client.get(f"{path}/results")).json()["owner_notes"] == notes)

    await eventually(shown)
    await owner.act(poll, "close")
    answer = await client.get(f"{path}/export?format=json", headers=owner.headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["definition"]["notes"] == notes


async def test_every_export_has_the_notes_and_is_counted_as_if_it_had_none(
    owner: Person, client: httpx.AsyncClient
) -> None:
    poll = await owner.create(publish=True, method={"type": "irv"})
    ballots = f"/v1/votebooth/polls/{poll['id']}"
    vote = await client.put(f"{ballots}/ballot", json={"ranking": [2, 1]}, headers=owner.headers)
    assert vote.status_code == 201, vote.text
    for text in ("Salad is vegan.", 'Soup\nisn\'t.\n# options: ["X"]'):
        assert (await note(owner, poll, text)).status_code == 201
    notes = (await owner.read(poll)).json()["notes"]
    await owner.act(poll, "close")

    async def export(form: str) -> httpx.Response:
        return await client.get(f"{ballots}/export?format={form}", headers=owner.headers)

    async def noted() -> bool:
        answer = await export("json")
        return answer.status_code == 200 and bool(answer.json()["definition"]["notes"] == notes)

    await eventually(noted)
    for form in ("csv", "blt", "preflib"):
        content = (await export(form)).content
        text = content.decode().splitlines()
        lines = [row[0] for row in (csv.reader(text) if form == "csv" else ([line] for line in text)) if row]
        said = [line.partition(": ")[2] for line in lines if line.startswith("# note ")]
        assert [json.loads(each) for each in said] == notes, form
        counted = await client.post("/v1/votebooth/count?method=irv", content=content, headers=owner.headers)
        assert counted.status_code == 200, counted.text
        assert (counted.json()["ballots"], counted.json()["winners"]) == (1, [{"id": 2, "label": "Salad"}])


async def test_an_unlisted_poll_is_in_no_list_and_reached_by_who_has_its_link_or_code(
    owner: Person, other: Person, anybody: Person
) -> None:
    listed = await owner.create(publish=True)
    unlisted = await owner.create(publish=True, rules={"listing": "unlisted"})
    assert (listed["rules"]["listing"], unlisted["rules"]["listing"]) == ("public", "unlisted")

    async def seen(by: Person, query: str) -> set[str]:
        answer = await by.call("GET", f"?limit=100&{query}")
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]} & {listed["id"], unlisted["id"]}

    for by in (owner, other, anybody):
        for query in (f"owner={owner.account}", f"owner={owner.account}&status=open"):
            assert await seen(by, query) == {listed["id"]}
        assert (await by.read(unlisted)).status_code == 200
        assert (await by.call("GET", f"/by-code/{unlisted['code']}")).json()["id"] == unlisted["id"]
    assert await seen(owner, "mine=true") == {listed["id"], unlisted["id"]}
    assert (await owner.act(unlisted, "close")).status_code == 200
    assert await seen(anybody, f"owner={owner.account}&status=closed") == set()


async def test_an_open_poll_may_be_taken_out_of_the_lists(owner: Person, anybody: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True, closes_at=after(3600))
    answer = await owner.edit(poll, rules={"listing": "unlisted"})
    assert (answer.status_code, answer.json()["rules"]["listing"]) == (200, "unlisted")
    assert (await anybody.call("GET", f"?owner={owner.account}")).json()["items"] == []
    assert [event["listing"] for event in await told(votewave, poll)] == ["public", "unlisted"]
