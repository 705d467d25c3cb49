"""The autoscaler: votebooth grows from 2 to 4 instances with the votes that come in, and shrinks again."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cluster_place import ROOT, eventually
from cluster_shared import SharedCluster

JOB, AUTOSCALER = "votewave-votebooth", "votewave-autoscaler"
UP_SECONDS, DOWN_SECONDS = 180.0, 240.0


@pytest.fixture
async def autoscaler(cluster: SharedCluster) -> AsyncIterator[dict[str, Any]]:
    """The autoscaler's job, while a test runs; the count is 2 afterwards."""
    await eventually(cluster.is_whole, 120)
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tools.release", "autoscaler", "--env=local", "--json"],
        f"--folder={cluster.said['folder']}",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(600):  # it may have to be built
        printed, said = await process.communicate()
    assert process.returncode == 0, said.decode()[-3000:]
    yield json.loads(printed)
    await cluster.run("job", "stop", "-purge", AUTOSCALER)
    if await count(cluster) != 2:
        await cluster.run("job", "scale", JOB, "2")
    await eventually(cluster.is_whole, 120)


async def count(cluster: SharedCluster) -> int:
    return int((await cluster.nomad(f"/v1/job/{JOB}"))["TaskGroups"][0]["Count"])


async def test_votebooth_grows_with_the_votes_and_shrinks_again_and_no_ballot_is_lost(
    cluster: SharedCluster, autoscaler: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [step["outcome"] for step in autoscaler["steps"]] == ["done", "done"]
    assert await count(cluster) == 2

    async def is_whole_with(instances: int) -> bool:
        return await count(cluster) == instances and len(await cluster.instances("votebooth")) == instances

    async with cluster.voting(rate=300, voters=150) as votes:
        began = time.monotonic()
        await eventually(lambda: is_whole_with(4), UP_SECONDS)
        up = time.monotonic() - began
        await asyncio.sleep(5)
        grown = len(votes.sent)
    ended = time.monotonic()
    await eventually(lambda: is_whole_with(2), DOWN_SECONDS)
    down = time.monotonic() - ended
    assert votes.failed() == []
    with capsys.disabled():
        print(f"\nautoscaling: 4 instances {up:.0f} s after the votes began ({grown} sent), 2 again {down:.0f} s after")
    groups = (await cluster.nomad(f"/v1/job/{JOB}/scale"))["TaskGroups"]
    reasons = [event["Message"] for event in groups["service"]["Events"]]
    assert any("count" in reason for reason in reasons), reasons


async def test_its_identity_may_see_and_set_counts_and_nothing_else(
    cluster: SharedCluster, autoscaler: dict[str, Any]
) -> None:
    policy = await cluster.nomad("/v1/acl/policy/autoscaler")
    assert policy["JobACL"]["JobID"] == AUTOSCALER
    assert "submit-job" not in policy["Rules"]
    assert "policy =" not in policy["Rules"]
