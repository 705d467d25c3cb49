import asyncio
import hashlib
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from ..booth_world import (
    a_guest,
    a_poll,
    a_user,
    cast,
    cast_many,
    close,
    results,
    shown,
    sums,
)

METHODS = ["single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points"]
NAMES = ("Ada", "Bo", "Cy", "Di")


def ballots_of(method: str, number: int) -> list[dict[str, Any]]:
    """Return ballots drawn so that they differ between options, some of them abstentions."""
    draw = random.Random(method)
    made: list[dict[str, Any]] = []
    for _ in range(number):
        ids = draw.sample([1, 1, 1, 2, 2, 3, 4], 7)
        order = list(dict.fromkeys(ids))[: draw.randint(1, 4)]
        match method:
            case _ if draw.random() < 0.1:
                made.append({"abstain": True})
            case "single":
                made.append({"picks": order[:1]})
            case "multiple" | "approval":
                made.append({"picks": order})
            case "score" | "star":
                made.append({"scores": {str(option): 5 - place for place, option in enumerate(order)}})
            case "points":
                made.append({"points": {"1": 100 - (rest := draw.randint(0, 100)), "2": rest}})
            case _:
                made.append({"ranking": order})
    return made


def straight(method: str, ballots: list[dict[str, Any]]) -> list[int]:
    """Return the sums of ballots, added up here."""
    total = [0, 0, 0, 0]
    for ballot in ballots:
        marks = ballot.get("scores") or ballot.get("points") or {}
        marks |= dict.fromkeys(ballot.get("picks", []), 1)
        marks |= dict.fromkeys(ballot.get("ranking", [])[:1], 1)
        for option, amount in marks.items():
            total[int(option) - 1] += amount
    return total


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("method", METHODS)
async def test_results_are_what_was_cast_and_the_export_counts_to_the_same(
    client: httpx.AsyncClient, tmp_path: Path, method: str, anonymous: bool
) -> None:
    owner = await a_user(client)
    rules = {"abstain": True, "anonymous": anonymous, "quorum": 20}
    seats = {"seats": 2} if method == "stv" else {}
    poll = await a_poll(client, owner, method, NAMES, rules, **seats)
    ballots = ballots_of(method, 24)
    await cast_many(client, poll, ballots)
    live = await shown(client, poll)
    assert (live["status"], live["ballots"]) == ("live", 24)
    assert live["abstentions"] == ballots.count({"abstain": True})
    assert live["quorum"] == {"needed": 20, "reached": True}
    assert sums(live) == straight(method, ballots)
    assert len(live["winners"]) == seats.get("seats", 1)
    assert live["tie_break"]["seed"] == poll.replace("-", "")

    await close(client, poll, owner)
    final = await shown(client, poll)
    assert final["status"] == "final"
    assert (live["tie_break"]["provisional"], final["tie_break"]["provisional"]) == (True, False)
    own = {"status": 0, "version": 0, "tie_break": 0}
    if not final["tie_break"]["ties"]:  # else the final seed may decide otherwise than the provisional one
        assert {**final, **own} == {**live, **own}
    assert sums(final) == sums(live)

    assert await seed_by_hand(client, poll) == final["tie_break"]["seed"]
    formats = ["csv", "blt", "preflib"] if method in {"irv", "stv", "schulze", "ranked_robin"} else ["csv"]
    for form in formats:
        counted = await tallied(client, poll, method, form, tmp_path, final)
        for name in ("winners", "rounds", "runoff", "pairwise", "strengths", "method", "options", "decided_by"):
            assert counted[name] == final[name], name
        if form != "preflib":  # which has no place for abstentions
            assert counted["ballots"] == 24


async def seed_by_hand(client: httpx.AsyncClient, poll: str) -> str:
    """Return a poll's seed as anybody can compute it from the public list of receipts and the published salt."""
    answer = await client.get(f"/v1/votebooth/polls/{poll}/receipts", params={"limit": 1000})
    receipts = b"".join(bytes.fromhex(item["receipt"]) for item in answer.json()["items"])
    salt = bytes.fromhex((await client.get(f"/v1/votebooth/polls/{poll}/salt")).json()["salt"])
    return hashlib.sha256(UUID(poll).bytes + hashlib.sha256(receipts).digest() + salt).hexdigest()


async def test_a_tie_is_decided_by_what_nobody_knows_before_the_end(
    client: httpx.AsyncClient, votewave: Any, tmp_path: Path
) -> None:
    owner = await a_user(client)
    voters = [await a_guest(client) for _ in range(3)]
    seeds = set()
    for _ in range(3):
        poll = await a_poll(client, owner, "single", NAMES)
        for option, voter in enumerate(voters, 1):
            await cast(client, poll, voter, {"picks": [option]})
        await close(client, poll, owner)
        first = await shown(client, poll)
        tie_break = first["tie_break"]
        assert [(sorted(tie["tied"]), tie["by"]) for tie in tie_break["ties"]] == [([1, 2, 3], "seed")]
        assert (first["outcome"], first["decided_by"]) == ("tied", "lot")
        names = {option["id"]: option["label"] for option in first["options"]}
        ordered = sorted(names, key=lambda o: hashlib.sha256(f"{tie_break['seed']}\0{names[o]}".encode()).digest())
        assert tie_break["order"] == ordered
        counted = await tallied(client, poll, "single", "csv", tmp_path, first)
        assert counted["winners"] == first["winners"]
        # It is kept with the counters: reading again doesn't read the list again.
        kept = await votewave.sql("SELECT receipts_digest FROM votebooth.counters WHERE poll_id = $1", UUID(poll))
        assert kept[0][0].hex() == tie_break["receipts"]
        seeds.add(tie_break["seed"])
    assert len(seeds) == 3


async def tallied(
    client: httpx.AsyncClient, poll: str, method: str, form: str, folder: Path, final: dict[str, Any]
) -> dict[str, Any]:
    """Export a poll and count the file with `votewave tally`."""
    answer = await client.get(f"/v1/votebooth/polls/{poll}/export", params={"format": form})
    assert answer.status_code == 200, answer.text
    file = folder / f"export.{form}"
    file.write_bytes(answer.content)
    command = [
        sys.executable, "-m", "services.cli", "tally", str(file), "--json",
        "--method", method,
        "--seats", str(final["method"]["seats"]),
        "--seed", final["tie_break"]["seed"],
    ]  # fmt: skip
    process = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False, timeout=60)
    assert process.returncode == 0, process.stderr.decode()
    counted: dict[str, Any] = json.loads(process.stdout)
    return counted


async def test_an_empty_poll_has_a_result_without_winners(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    for method in METHODS:
        result = await shown(client, await a_poll(client, owner, method))
        assert (result["ballots"], result["winners"], sums(result)) == (0, [], [0, 0, 0])
        assert (result["outcome"], result["decided_by"]) == ("empty", None)


async def test_a_scheduled_poll_says_so(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client), opens_at="2100-01-01T00:00:00Z")
    assert (await shown(client, poll))["status"] == "scheduled"


async def test_changes_and_withdrawals_show_at_once(client: httpx.AsyncClient) -> None:
    owner, voter = await a_user(client), await a_guest(client)
    poll = await a_poll(client, owner)
    seen = []
    for ballot in ({"picks": [1]}, {"picks": [2]}):
        await cast(client, poll, voter, ballot)
        seen.append(sums(await shown(client, poll)))
    await client.delete(f"/v1/votebooth/polls/{poll}/ballot", headers=voter)
    seen.append(sums(await shown(client, poll)))
    assert seen == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


async def test_a_conditional_request_is_answered_without_a_body_until_something_changes(
    client: httpx.AsyncClient,
) -> None:
    poll = await a_poll(client, await a_user(client))
    first = await results(client, poll)
    assert first.headers["cache-control"] == "private, no-cache"
    again = await results(client, poll, {"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await cast_many(client, poll, [{"picks": [1]}])
    changed = await results(client, poll, {"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_polls_that_are_not_there_or_deleted_are_not_found(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    poll = await a_poll(client, owner)
    await cast_many(client, poll, [{"picks": [1]}])
    draft = await a_poll(client, owner, publish=False)
    assert (await client.delete(f"/v1/polls/{poll}", headers=owner)).status_code in {200, 204}
    async with asyncio.timeout(5):
        while (await results(client, poll)).status_code != 404:
            await asyncio.sleep(0.05)
    for unknown in (poll, draft, "01a20540-19fd-7679-a075-f382d95b4ea6"):
        for path in ("results", "export", "events"):
            answer = await client.get(f"/v1/votebooth/polls/{unknown}/{path}", headers=owner)
            assert answer.status_code == 404, (path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_hundred_readers_of_a_busy_ranked_poll_all_get_a_whole_result(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client), "stv", NAMES, seats=2)
    draw = random.Random(1)
    ballots = [{"ranking": draw.sample([1, 2, 3, 4], draw.randint(1, 4))} for _ in range(40)]
    readers = asyncio.gather(*(shown(client, poll) for _ in range(100)))
    await cast_many(client, poll, ballots)
    for result in await readers:
        first = sum(int(each["votes"]["exact"]) for each in result["rounds"][0]["tallies"])
        assert first + result["abstentions"] == result["ballots"] == sum(sums(result))
    assert (await shown(client, poll))["ballots"] == 40


async def test_a_final_result_holds_every_vote_that_was_acknowledged_and_never_changes(
    client: httpx.AsyncClient,
) -> None:
    guests = await asyncio.gather(*(a_guest(client) for _ in range(24)))
    closes = datetime.now(UTC) + timedelta(seconds=2)
    poll = await a_poll(client, await a_user(client), "irv", closes_at=closes.isoformat())
    path = f"/v1/votebooth/polls/{poll}/ballot"
    acknowledged: dict[int, int] = {}

    async def vote(number: int) -> None:
        for turn in range(1000):
            option = 1 + (number + turn) % 3
            answer = await client.put(path, json={"ranking": [option]}, headers=guests[number])
            if answer.status_code == 410:
                return
            assert answer.status_code in {200, 201}, answer.text
            acknowledged[number] = option

    finals = []

    async def look() -> None:
        while len(finals) < 5:
            result = await shown(client, poll)
            if result["status"] == "final":
                finals.append(result)

    await asyncio.gather(look(), *(vote(number) for number in range(24)))
    finals.append(await shown(client, poll))
    assert all(result == finals[0] for result in finals)
    assert sums(finals[0]) == [list(acknowledged.values()).count(option) for option in (1, 2, 3)]
