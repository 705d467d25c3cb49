"""A ballot without a preference is an abstention on every path: cast, changed, withdrawn, live, recounted, exported."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.core.kit import Kit
from services.votebooth.recount.compare import recount, repair
from services.votebooth.settings import VoteBoothSettings
from services.votebooth.tally import formats

from ..booth_world import a_guest, a_poll, a_user, cast_many, close, heard, shown, socket, sums
from ..voting import booth_kit

LEVEL: dict[str, dict[str, Any]] = {
    "score": {"scores": {"1": 3, "2": 3, "3": 3}},
    "star": {"scores": {"1": 5, "2": 5, "3": 5}},
    "irv": {"ranking": [[1, 2, 3]]},
    "stv": {"ranking": [[1, 2, 3]]},
    "schulze": {"ranking": [[1, 2, 3]]},
    "ranked_robin": {"ranking": [[3, 2, 1]]},
    "approval": {"picks": []},
    "points": {"points": {"1": 33, "2": 33, "3": 33}},
}
MARKS: dict[str, dict[str, Any]] = {
    "score": {"scores": {"2": 4}},
    "star": {"scores": {"2": 4}},
    "approval": {"picks": [2]},
    "points": {"points": {"2": 99}},
}


@pytest.fixture
async def kit(votewave: Any) -> AsyncIterator[Kit[VoteBoothSettings]]:
    """VoteBooth's kit, on the database of the running VoteWave."""
    made = booth_kit(votewave)
    yield made
    await made.db.close()
    await made.shared.close()


async def a_level_poll(client: httpx.AsyncClient, owner: dict[str, str], method: str, *, anonymous: bool) -> str:
    rules = {"abstain": True, "anonymous": anonymous}
    more = {"allow_ties": True} if "ranking" in LEVEL[method] else {"points": 99} if method == "points" else {}
    return await a_poll(client, owner, method, rules=rules, **more)


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("method", list(LEVEL))
async def test_abstentions_are_one_number_however_they_were_cast(
    client: httpx.AsyncClient, kit: Kit[VoteBoothSettings], method: str, anonymous: bool
) -> None:
    owner, voter = await a_user(client), await a_guest(client)
    poll = await a_level_poll(client, owner, method, anonymous=anonymous)
    level, marks = LEVEL[method], MARKS.get(method, {"ranking": [2]})
    await cast_many(client, poll, [level, {"abstain": True}, marks])
    path, secret = f"/v1/votebooth/polls/{poll}/ballot", {"secret": "s" * 22} if anonymous else {}
    headers = {**voter, **({"ballot-secret": "s" * 22} if anonymous else {})}
    value = {"score": 4, "star": 4, "points": 99}.get(method, 1)
    expected = [(level, 3, 1), (marks, 2, 2), ({"abstain": True}, 3, 1), (level, 3, 1), (None, 2, 1)]
    for ballot, abstentions, for_bo in expected:
        if ballot is None:
            answer = await client.delete(path, headers=headers)
        else:
            answer = await client.put(path, json={**ballot, **secret}, headers=voter)
        assert answer.is_success, answer.text
        result = await shown(client, poll)
        assert (result["abstentions"], sums(result)) == (abstentions, [0, for_bo * value, 0]), ballot
        assert "blank" not in result
        async with socket(client, poll) as connection:
            live = await heard(connection)
            assert (live["abstentions"], sums(live)) == (abstentions, sums(result))
        assert (await recount(kit, UUID(poll))).differences == []
    await close(client, poll, owner)
    final = await shown(client, poll)
    exports = ("csv", "json", "blt", "preflib") if "ranking" in level else ("csv", "json")
    for form in exports:
        answer = await client.get(f"/v1/votebooth/polls/{poll}/export", params={"format": form})
        counted = formats.read(answer.content).count()
        assert (counted.ballots, counted.abstentions) == (final["ballots"], final["abstentions"]) == (3, 2), form


@pytest.mark.parametrize(
    ("method", "body"), [("star", {"scores": {"1": 0}}), ("irv", {"ranking": []}), ("single", {"picks": []})]
)
async def test_where_abstaining_is_not_taken_an_empty_ballot_is_refused(
    client: httpx.AsyncClient, method: str, body: dict[str, Any]
) -> None:
    poll = await a_poll(client, await a_user(client), method)
    answer = await client.put(f"/v1/votebooth/polls/{poll}/ballot", json=body, headers=await a_guest(client))
    assert (answer.status_code, "doesn't allow abstentions" in answer.text) == (422, True)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_counters_of_another_rule_are_written_anew(
    client: httpx.AsyncClient, kit: Kit[VoteBoothSettings], votewave: Any, anonymous: bool
) -> None:
    owner = await a_user(client)
    poll = await a_level_poll(client, owner, "star", anonymous=anonymous)
    await cast_many(client, poll, [LEVEL["star"], MARKS["star"], {"abstain": True}])
    right = await shown(client, poll)
    # As the release before counted: the level ballot is in the sums, and no abstention.
    await votewave.sql(
        "UPDATE votebooth.counters SET sums = '{5,9,5}', abstentions = 1, seq = seq + 1 WHERE poll_id = $1", UUID(poll)
    )
    await votewave.sql("DELETE FROM votebooth.patterns WHERE poll_id = $1", UUID(poll))
    assert len((await recount(kit, UUID(poll))).differences) == 5
    command = [sys.executable, "-m", "services.cli", "--data-dir", str(votewave.data_dir), "recount", poll]
    for arguments, code, said in (
        ([], 1, "abstentions: "),
        (["--repair"], 0, "abstentions: "),
        ([], 0, "counters agree"),
    ):
        done = await asyncio.to_thread(subprocess.run, [*command, *arguments], capture_output=True, check=False)
        assert (done.returncode, said in done.stdout.decode()) == (code, True), (done.stdout, done.stderr)
    assert (await recount(kit, UUID(poll))).differences == (await repair(kit, UUID(poll))).differences == []
    assert {**await shown(client, poll), "seq": 0} == {**right, "seq": 0}
    log = await votewave.sql("SELECT act FROM votebooth.audit_log WHERE poll_id = $1", UUID(poll))
    assert [act for (act,) in log].count("recount.repaired") == 1  # the periodic recount may have seen it first
