"""The gate passes a VoteWave that is well, and fails one that is slow, that errs or that loses ballots."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from loadtests.gate.config import Generator
from loadtests.gate.limit import limit
from tests.conftest import ENVIRONMENT, VoteWave, eventually

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("before_others")]

ROOT = Path(__file__).parents[3]
GATES = Path(__file__).with_name("small_gates.toml")
SECONDS = 120
HANGS_SECONDS = 30
CANARY = "X-VoteWave-Canary"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoteWave]:
    """A VoteWave that may be harmed, with the limits that everybody has."""
    own = VoteWave(
        tmp_path_factory.mktemp("loaded") / "data",
        VOTEWAVE_AUTH_ACCESS_TOKEN_SECONDS="200",  # so short that the generator renews them all the time
        VOTEWAVE_AUTH_GUESTS_PER_ADDRESS="1000",
        VOTEWAVE_AUTH_ACCOUNTS_PER_ADDRESS="60",
        VOTEWAVE_AUTH_SESSIONS_PER_ADDRESS="300",
    )
    own.start()
    yield own
    own.stop()


async def gate(url: str, folder: Path, *more: str, suite: str = "small") -> tuple[int, Any, str]:
    """Run the gate; return its exit code, its report and what it said."""
    command = [sys.executable, "-m", "loadtests.load", "gate", "--env", "test", "--gates", str(GATES), "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, "--url", url, "--suite", suite, "--report", str(folder), *more,
        cwd=ROOT, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    assert process.returncode is not None
    reports = json.loads(out) if out else []
    return process.returncode, reports[0] if reports else None, err.decode()


def verdicts(report: Any) -> dict[str, str]:
    """Return what became of each threshold."""
    return {row["name"]: row["judgement"] for row in report["verdict"]["rows"]}


def failed(report: Any) -> set[str]:
    """Return the thresholds that don't hold."""
    return {name for name, judgement in verdicts(report).items() if judgement == "fail"}


class Proxy:
    """Stands before a VoteWave and treats requests badly.

    Attributes:
        delay: Seconds that each request waits.
        every: Of so many requests one is answered otherwise and not passed on; 0 for none.
        lost: Of so many one is passed on and not answered; 0 for none.
        status, body: Of the other answer.
        method: Of the requests that are counted.
        canaries: The service that it has canaries of, as the gateway does. Then only what these answer is treated so.
    """

    def __init__(
        self,
        target: str,
        *,
        delay: float = 0.0,
        every: int = 0,
        lost: int = 0,
        status: int = 500,
        body: str = '{"title": "broken"}',
        method: str = "PUT",
        canaries: str = "",
    ) -> None:
        self._target = target
        self._canaries = canaries
        self.delay = delay
        self.every = every
        self.lost = lost
        self.status = status
        self.body = body
        self.method = method
        self._seen = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; give its URL."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None)
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            try:
                yield f"http://{host}:{port}"
            finally:
                await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get(CANARY, "")
        by_canary = bool(wanted) and wanted == self._canaries and request.path.startswith(f"/v1/{wanted}/")
        mark = {CANARY: wanted} if by_canary else {}
        harmed = by_canary or not self._canaries
        counted = harmed and request.method == self.method
        if harmed and self.delay:
            await asyncio.sleep(self.delay)
        self._seen += counted
        if self.every and counted and self._seen % self.every == 0:
            return web.Response(status=self.status, text=self.body, content_type="application/json", headers=mark)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        url = f"{self._target}{request.raw_path}"
        async with self._session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            skipped = {"transfer-encoding", "content-length", "connection", "date", "server"}
            if self.lost and counted and self._seen % self.lost == 0 and request.transport:
                request.transport.abort()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in skipped}
            return web.Response(status=answer.status, headers={**kept, **mark}, body=await answer.read())


class Hanging(Proxy):
    """Answers no list of open polls in the time that anybody waits for it."""

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("status") == "open":
            await asyncio.sleep(HANGS_SECONDS)
        return await super()._pass(request)


class WithoutCanaries(Proxy):
    """Knows of no canary, and answers as the gateway does then."""

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(f"/v1/{request.headers.get(CANARY) or 'nobody'}/"):
            return web.Response(status=503, headers={"Retry-After": "1"})
        return await super()._pass(request)


async def test_a_votewave_that_is_well_passes_and_is_left_as_it_was(target: VoteWave, tmp_path: Path) -> None:
    code, report, said = await gate(target.url, tmp_path)
    assert (code, failed(report)) == (0, set()), said
    assert set(verdicts(report)) >= {
        "accepted_votes_per_second", "p50_ms", "p95_ms", "p99_ms", "error_ratio", "staleness_p95_ms", "live_gaps",
        "stored_equals_acknowledged", "tally_equals_recount", "load generator",
    }  # fmt: skip
    figures = report["verdict"]["figures"]
    assert figures["votes_accepted"] == figures["votes_due"] == 60
    assert figures["live_messages"] > 4
    assert {name.split(" (")[0] for name in figures["requests"]} >= {
        "vote",
        "list polls",
        "read a result",
        "make a poll",
        "stay signed in",
        "follow somebody",
        "publish a Wave",
        "see the home feed",
        "like a Wave",
        "comment on a poll",
        "send a message",
        "see what is new to me",
        "read messages",
    }
    assert json.loads((tmp_path / "gate.json").read_bytes())[0] == report
    assert "tally_equals_recount" in (tmp_path / "gate.html").read_text()
    assert "vote (first)" in (tmp_path / "locust-small.html").read_text()
    left = await target.sql("SELECT title FROM polls.poll WHERE deleted_at IS NULL")
    assert left == []
    waves = await target.sql("SELECT text FROM expressions.wave")
    comments = await target.sql("SELECT text FROM comments.comment WHERE state <> 'deleted'")
    assert (waves, comments) == ([], [])


async def test_two_generators_share_a_rush(target: VoteWave, tmp_path: Path) -> None:
    code, report, said = await gate(target.url, tmp_path, "--seed", "7", "--seconds", "3", suite="rush")
    assert code == 0, said
    figures = report["verdict"]["figures"]
    assert (figures["votes_due"], figures["votes_accepted"]) == (60, 60)
    assert "4 polls recounted" in said + str(report["verdict"]["rows"])
    assert report["seed"] == 7


async def test_a_server_slowed_by_200_ms_fails(target: VoteWave, tmp_path: Path) -> None:
    async with Proxy(target.url, delay=0.2).serving() as url:
        code, report, said = await gate(url, tmp_path, suite="slowed")
    assert (code, failed(report)) == (1, {"p50_ms"}), said
    assert "fail: p50_ms" in said
    assert report["verdict"]["figures"]["votes_ms"]["p50"] > 200


async def test_a_server_that_answers_a_twentieth_of_the_votes_with_errors_fails(
    target: VoteWave, tmp_path: Path
) -> None:
    async with Proxy(target.url, every=20, canaries="votebooth").serving() as url:
        code, report, said = await gate(url, tmp_path, "--canary", "votebooth", suite="changeless")
    assert (code, failed(report)) == (1, {"error_ratio", "canary_error_ratio"}), said
    assert "× vote (first): 500" in " ".join(report["verdict"]["details"])
    assert verdicts(report)["canaries_answer"] == "pass"


async def test_good_canaries_of_a_service_that_gets_no_votes_pass(target: VoteWave, tmp_path: Path) -> None:
    async with Proxy(target.url, canaries="profiles").serving() as url:
        code, report, said = await gate(url, tmp_path, "--canary", "profiles", suite="canary")
    assert (code, failed(report)) == (0, set()), said
    assert set(verdicts(report)) >= {
        "canaries_answer", "canary_answers", "canary_error_ratio", "canary_slower_ms", "canary_p50_ms", "canary_p95_ms",
    }  # fmt: skip
    figures = report["verdict"]["figures"]
    assert figures["canaries_answers"] >= 60, "half of the reads of Profiles"
    assert figures["stables_answers"] >= 60, "and the other half"
    assert figures["canaries_failures"] == 0


@pytest.mark.parametrize(
    ("harm", "rows"),
    [
        ({"delay": 0.05}, {"canary_slower_ms"}),
        ({"every": 20}, {"canary_error_ratio"}),
        ({"every": 1, "status": 404}, {"canary_error_ratio", "error_ratio"}),
    ],
    ids=["slow", "erring", "unknowing"],
)
async def test_bad_canaries_of_a_service_that_gets_no_votes_fail(
    target: VoteWave, tmp_path: Path, harm: dict[str, Any], rows: set[str]
) -> None:
    async with Proxy(target.url, canaries="profiles", method="GET", **harm).serving() as url:
        code, report, said = await gate(url, tmp_path, "--canary", "profiles", suite="canary")
    assert (code, failed(report)) == (1, rows), said


async def test_a_few_answers_of_canaries_are_no_verdict(target: VoteWave, tmp_path: Path) -> None:
    async with Proxy(target.url, canaries="profiles").serving() as url:
        code, report, said = await gate(url, tmp_path, "--canary", "profiles", "--seconds", "1", suite="canary")
    assert (code, failed(report)) == (3, set()), said
    assert verdicts(report)["canary_answers"] == "too few answers"
    assert "no verdict: too few answers of canaries" in said


async def test_where_there_is_no_canary_there_is_no_load(target: VoteWave, tmp_path: Path) -> None:
    async with WithoutCanaries(target.url).serving() as url:
        for service in ("profiles", "polls"):
            code, report, said = await gate(url, tmp_path, "--canary", service, suite="canary")
            assert (code, report) == (4, None), said
            assert f"there is no canary of {service}" in said
            assert "making" not in said
    code, report, said = await gate(target.url, tmp_path, "--canary", "nosuch", suite="canary")
    assert (code, report) == (2, None), said
    assert "there is no service nosuch" in said


async def test_answers_that_cant_be_read_are_the_targets_failures(target: VoteWave, tmp_path: Path) -> None:
    async with Proxy(target.url, every=20, status=201, body="<html>").serving() as url:
        code, report, said = await gate(url, tmp_path, suite="changeless")
    assert (code, failed(report)) == (1, {"error_ratio"}), said
    assert "vote (first): 201 with a body that can't be read" in " ".join(report["verdict"]["details"])
    figures = report["verdict"]["figures"]
    assert figures["votes_due"] - figures["votes_accepted"] == sum(figures["failures"].values())


async def test_reads_that_hang_at_the_end_are_waited_for_and_fail(target: VoteWave, tmp_path: Path) -> None:
    async with Hanging(target.url).serving() as url:
        code, report, said = await gate(url, tmp_path, suite="read")
    assert (code, failed(report)) == (1, {"reads_p95_ms", "error_ratio"}), said
    [row] = [row for row in report["verdict"]["rows"] if row["name"] == "error_ratio"]
    assert "without an answer at the end" in row["seen"]


async def test_ballots_whose_answer_is_lost_are_failures_and_not_lost_ballots(target: VoteWave, tmp_path: Path) -> None:
    async with Proxy(target.url, lost=20).serving() as url:
        code, report, said = await gate(url, tmp_path, suite="changeless")
    assert (code, failed(report)) == (1, {"error_ratio"}), said
    row = next(row for row in report["verdict"]["rows"] if row["name"] == "stored_equals_acknowledged")
    assert "without an answer" in row["seen"]


async def test_answers_that_no_canary_gave_dont_speak_for_canaries(target: VoteWave, tmp_path: Path) -> None:
    code, report, said = await gate(target.url, tmp_path, "--canary", "votebooth", "--seconds", "1", suite="changeless")
    assert (code, failed(report)) == (1, {"canaries_answer"}), said


@pytest.mark.parametrize("table", ["ballots", "counters"])
async def test_a_server_that_loses_a_ballot_it_acknowledged_fails(target: VoteWave, tmp_path: Path, table: str) -> None:
    there = ("--data-dir", str(target.data_dir))
    running = asyncio.create_task(gate(target.url, tmp_path, *there, suite="changeless"))
    poll = (await eventually(lambda: target.sql(_POLL_WITH_BALLOTS), 40))[0]["poll_id"]
    await target.sql(_HARM[table], poll)
    code, report, said = await running
    harmed = {"ballots": {"stored_equals_acknowledged", "tally_equals_recount"}, "counters": {"tally_equals_recount"}}
    assert (code, failed(report)) == (1, harmed[table]), said
    said = " ".join(report["verdict"]["details"])
    assert "the counters say" in said  # votewave recount
    assert ("1 acknowledged ballots aren't stored" in said) == (table == "ballots")


_POLL_WITH_BALLOTS = (
    "SELECT b.poll_id FROM votebooth.ballots b JOIN polls.poll p ON p.id = b.poll_id"
    " WHERE p.deleted_at IS NULL AND p.method = 'score' GROUP BY 1 HAVING count(*) > 20"
)
_HARM = {
    "ballots": "DELETE FROM votebooth.ballots WHERE poll_id = $1 AND voter_key ="
    " (SELECT min(voter_key) FROM votebooth.ballots WHERE poll_id = $1)",
    "counters": "UPDATE votebooth.counters SET sums[1] = sums[1] + 1 WHERE poll_id = $1",
}


async def test_a_generator_that_is_late_gives_no_verdict(target: VoteWave, tmp_path: Path) -> None:
    code, report, said = await gate(target.url, tmp_path, suite="late")
    assert (code, failed(report)) == (3, set()), said
    assert verdicts(report)["load generator"] == verdicts(report)["p95_ms"] == "load generator too slow"
    assert "load generator too slow" in said


async def test_what_a_generator_bears_is_found_without_a_votewave() -> None:
    trusting = Generator(late_p99_ms=60_000, busy=1)
    steps = [step async for step in limit(trusting, rates=(20, 40))]
    assert [step.due for step in steps] == [20, 40]
    assert all(step.answered > step.due / 2 for step in steps)
    assert all(step.busy > 0 for step in steps)


async def test_a_target_that_isnt_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    code, report, said = await gate("http://127.0.0.1:9", tmp_path)
    assert (code, report) == (4, None)
    assert "Error: http://127.0.0.1:9 can't be reached" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_a_gate_that_is_stopped_takes_its_polls_away(
    target: VoteWave, tmp_path: Path, stop: signal.Signals
) -> None:
    command = [sys.executable, "-m", "loadtests.load", "gate", "--env", "test", "--gates", str(GATES)]
    process = await asyncio.create_subprocess_exec(
        *command, "--url", target.url, "--suite", "changeless", "--report", str(tmp_path),
        cwd=ROOT, env=ENVIRONMENT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await eventually(lambda: target.sql(_POLL_WITH_BALLOTS), 40)
    process.send_signal(stop)
    async with asyncio.timeout(30):
        assert await process.wait() == 130
    assert await target.sql("SELECT title FROM polls.poll WHERE deleted_at IS NULL") == []
    assert not _generators()


def _generators() -> list[str]:
    """Return the load generators that still run as children of nobody or of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"loadtests.generator" in line and parent in {1, os.getpid()}:
            found.append(folder.name)
    return found
