"""The autoscaler: votebooth grows from 2 to 4 instances with the votes that come in, and shrinks again."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cluster_place import ROOT, program
from cluster_shared import SharedCluster
from tests.conftest import eventually

JOB, AUTOSCALER = "votewave-votebooth", "votewave-autoscaler"
LOAD_SECONDS, VOTES_A_SECOND = 70, 250
BEGIN_SECONDS, DOWN_SECONDS, END_SECONDS, STOP_SECONDS = 120.0, 240.0, 120.0, 30.0

# An instance is to have 60 votes a second, so these want five, and four is the most. Most are changes, so that few
# ballots are to be compared afterwards. Times say nothing while instances come and go on two cores; promises hold.
GATES = f"""
[local]
url = ""
suites = ["grow"]

[local.suite.grow]
what = "enough votes for more instances than there may be"
shape = "steady"
seconds = {LOAD_SECONDS}
votes_per_second = {VOTES_A_SECOND}
changes = 0.8
guests_per_second = 0
reads_per_second = 2
hosts_per_minute = 0
viewers = 0
identities = 80

[local.suite.grow.thresholds]
accepted_votes_per_second = {0.9 * VOTES_A_SECOND}
p95_ms = 15000
p99_ms = 20000
error_ratio = 0.0
stored_equals_acknowledged = true
tally_equals_recount = true

[local.suite.grow.generator]
late_p99_ms = 5000
busy = 1.0
"""


class Load:
    """`./just load gate` while it runs.

    Attributes:
        begun, ended: The load's, by what the gate says; both are set when the gate has ended, whatever it said.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self._process = process
        self._said: list[str] = []
        self._listening = asyncio.create_task(self._listen())
        self._printed = asyncio.create_task(_all(process.stdout))

    @classmethod
    @asynccontextmanager
    async def begin(cls, url: str, folder: Path) -> AsyncIterator["Load"]:
        """Begin; at the end of the block it is stopped if it still runs, so that it takes its polls away."""
        gates = folder / "gates.toml"
        gates.write_text(GATES)
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "loadtests.load", "gate", "--env", "local", "--gates", str(gates)],
            *["--url", url, "--json", "--report", str(folder / "report")],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("VOTEWAVE_")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        load = cls(process)
        try:
            yield load
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            await asyncio.gather(load._listening, load._printed)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._said.append(line.decode(errors="replace"))
            if "s of steady load" in self._said[-1]:
                self.begun.set()
            elif "comparing what is stored" in self._said[-1]:
                self.ended.set()
        self.begun.set()
        self.ended.set()

    @property
    def said(self) -> str:
        """The last of what it has said."""
        return "".join(self._said)[-4000:]

    async def report(self) -> tuple[int, Any]:
        """Wait for its exit code and its report."""
        code = await self._process.wait()
        printed = await self._printed
        assert printed, self.said
        [report] = json.loads(printed)
        return code, report


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    return await stream.read()


@pytest.fixture
async def autoscaler(cluster: SharedCluster) -> AsyncIterator[dict[str, Any]]:
    """The autoscaler's job, while a test runs; the count is 2 afterwards."""
    await eventually(cluster.is_whole, 120)
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tools.release", "--env=local", "--service=autoscaler", "--json"],
        f"--version={cluster.built}",
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


async def counts_since(cluster: SharedCluster, moment: int) -> list[int]:
    """Return the counts that were set after a moment (ns since 1970), in order; refusals during deployments aside."""
    groups = (await cluster.nomad(f"/v1/job/{JOB}/scale"))["TaskGroups"]
    events = [event for event in groups["service"]["Events"] if event["Time"] >= moment and not event["Error"]]
    return [event["Count"] for event in sorted(events, key=lambda event: event["Time"])]


async def test_votebooth_grows_with_the_votes_and_shrinks_again_and_no_ballot_is_lost(
    cluster: SharedCluster, autoscaler: dict[str, Any], tmp_path: Path, measured: Callable[[str], None]
) -> None:
    assert [step["outcome"] for step in autoscaler["steps"]] == ["done", "done"]
    assert await count(cluster) == 2
    start = time.time_ns()

    async def is_whole_with(instances: int) -> bool:
        return await count(cluster) == instances and len(await cluster.instances("votebooth")) == instances

    async with Load.begin(cluster.gateway_url, tmp_path) as load:
        async with asyncio.timeout(BEGIN_SECONDS):
            await load.begun.wait()
        began = time.monotonic()
        with contextlib.suppress(AssertionError):  # how far it came is said below
            await eventually(lambda: is_whole_with(4), LOAD_SECONDS)
        up = time.monotonic() - began
        grown = await counts_since(cluster, start)
        assert not load.ended.is_set(), f"not 4 instances while there was load, but {grown}: {load.said}"
        async with asyncio.timeout(LOAD_SECONDS + END_SECONDS):
            await load.ended.wait()
        ended = time.monotonic()
        await eventually(lambda: is_whole_with(2), DOWN_SECONDS)
        down = time.monotonic() - ended
        async with asyncio.timeout(END_SECONDS):
            code, report = await load.report()

    verdict = report["verdict"]
    figures = verdict["figures"]
    rows = {row["name"]: row["judgement"] for row in verdict["rows"]}
    details = f"{figures['failures']} {verdict['details']}"
    assert code == 0, f"{details}: {load.said}"
    assert figures["votes_accepted"] == figures["votes_due"] == LOAD_SECONDS * VOTES_A_SECOND, details
    assert not [name for name in figures["failures"] if name.startswith("vote")], details
    assert (rows["stored_equals_acknowledged"], rows["tally_equals_recount"]) == ("pass", "pass"), details

    counts = await counts_since(cluster, start)
    peak = counts.index(4)
    assert counts[: peak + 1] == sorted(counts[: peak + 1]), counts
    assert counts[peak:] == sorted(counts[peak:], reverse=True), counts
    assert counts[-1] == 2, counts
    votes = f"{figures['votes_accepted']:,} votes, {figures['votes_per_second']:,.0f} a second, none lost"
    measured(f"autoscaling: {votes}; 4 instances {up:.0f} s after its beginning, 2 again {down:.0f} s after its end")


async def test_its_identity_may_see_and_set_counts_and_nothing_else(
    cluster: SharedCluster, autoscaler: dict[str, Any]
) -> None:
    policy = await cluster.nomad("/v1/acl/policy/autoscaler")
    assert policy["JobACL"]["JobID"] == AUTOSCALER
    rules = re.sub(r"#.*", "", policy["Rules"])
    found = re.fullmatch(r'\s*namespace "default" \{\s*capabilities = \[([^\]]*)\]\s*\}\s*', rules)
    assert found, rules
    may = set(re.findall(r'"([^"]*)"', found[1]))
    assert may == {"list-scaling-policies", "read-scaling-policy", "read-job-scaling", "scale-job"}


# What Prometheus has seen every five seconds, by series as promtool writes them; `_` where there is nothing. A ballot
# counter that has long been at work, 60 a second, or idle.
BUSY, IDLE = "900000+300x60", "900000+0x60"


def seen(*series: tuple[str, str]) -> list[dict[str, str]]:
    """Return the series of instances, each with what was counted and whether it could be asked."""
    found = []
    for number, (ballots, up) in enumerate(series):
        labels = f'{{service="votebooth",instance="{number}"}}'
        found.append({"series": f"votewave_votebooth_ballots_total{labels}", "values": ballots})
        found.append({"series": f"up{labels}", "values": up})
    return found


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        # Four under full load, and a Prometheus that has just started: its first rates are half of the truth.
        ([(f"_x5 {BUSY}", "_x5 1+0x60")] * 4, {30: None, 35: None, 40: 4, 60: 4, 120: 4}),
        # Two when it starts, and more to do than they can: that needs no history.
        ([("_x5 900000+900x60", "_x5 1+0x60")] * 2, {25: None, 30: 3, 45: 6}),
        # Four idle ones when it starts: they stay until it is known that there was no rush.
        ([(f"_x5 {IDLE}", "_x5 1+0x60")] * 4, {40: None, 55: None, 60: 0, 120: 0}),
        # Down when the rush is past, and not before.
        ([("0+300x40 12000+0x60", "1+0x100")] * 4, {200: 4, 215: 4, 240: 0}),
        # A while in which none could be asked: as after a start.
        ([("0+300x20 _x11 9600+300x60", "1+0x20 0+0x11 1+0x60")] * 4, {100: 4, 160: None, 165: None, 175: 4, 215: 4}),
    ],
    ids=["restarted", "restarted-too-few", "restarted-idle", "past", "blind"],
)
def test_a_prometheus_that_knows_too_little_takes_no_instance_away(
    instances: list[tuple[str, str]], expected: dict[int, float | None], tmp_path: Path
) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool isn't on PATH; it comes with Prometheus (apt-get install prometheus)"
    rules, tests = tmp_path / "rules.json", tmp_path / "tests.json"  # JSON is YAML
    group = {"name": "scaling", "interval": "5s", "rules": [{"record": "wanted", "expr": query()}]}
    rules.write_text(json.dumps({"groups": [group]}))
    questions = [
        {"expr": "wanted", "eval_time": f"{second}s", "exp_samples": [] if count is None else [sample(count)]}
        for second, count in expected.items()
    ]
    test = {"interval": "5s", "input_series": seen(*instances), "promql_expr_test": questions}
    tests.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "5s", "tests": [test]}))
    done = subprocess.run([promtool, "test", "rules", tests], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def query() -> str:
    """Return what the autoscaler asks about votebooth, where an instance is to have 60 a second and hold is 15 s."""
    given = ["-var=service=votebooth", f"-var=version={'0' * 40}"]
    given.append("-var=scaling={ votebooth = { min = 2, max = 4, each = 60, hold = 15 } }")
    command = [program("nomad"), "job", "run", "-output", *given, str(ROOT / "nomad/jobs/service.nomad.hcl")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    [group] = json.loads(done.stdout)["Job"]["TaskGroups"]
    [check] = group["Scaling"]["Policy"]["check"]
    return str(check["load"][0]["query"])


def sample(count: float) -> dict[str, Any]:
    return {"labels": "wanted", "value": count}
