"""A gate from beginning to end: setup, load, checks, verdict."""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from services.registry import WEB

from loadtests.gate.api import Api
from loadtests.gate.checks import Findings, check
from loadtests.gate.config import Canary, Suite
from loadtests.gate.errors import GateError, TargetError
from loadtests.gate.pages import must_open
from loadtests.gate.plan import AGENT, CANARY_HEADER, Outcome, Plan, load, write
from loadtests.gate.report import Report
from loadtests.gate.setup import Setup, prepared
from loadtests.gate.verdict import judge

_BEYOND_SECONDS = 90.0
"""How long a generator may take beyond the load itself, to start users, await answers and write its files."""

_STOP_SECONDS = 10.0
_CANARY_TRIES = 3
ROOT = Path(__file__).parents[2]
_QUIET_SECONDS = 1.0


async def run(
    environment: str,
    name: str,
    suite: Suite,
    *,
    url: str,
    canary: str,
    asked: Canary,
    seed: int,
    ballots: Path,
    reports: Path,
    data_dir: Path | None,
    say: Callable[[str], None],
) -> Report:
    """Put VoteWave under a suite's load and return the report.

    Args:
        environment: Whose thresholds these are.
        name: The suite's.
        suite: The load and its thresholds.
        url: The target.
        canary: A service whose canaries are tested instead of its stable instances; empty for none.
        asked: Thresholds for their answers.
        seed: Of the random generator.
        ballots: The folder of real ballots, which may be missing.
        reports: Folder of Locust's report.
        data_dir: The data folder, if the target is a `votewave up`.
        say: Called with a line about each step.

    Raises:
        TargetError: The target can't be reached, or refuses what the gate needs to start.
        GateError: The generator failed.
    """
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    headers = {"User-Agent": AGENT, **({CANARY_HEADER: canary} if canary else {})}
    api = Api(url, headers)
    with tempfile.TemporaryDirectory(prefix="votewave-load-") as folder:
        try:
            if canary:
                await _must_have_canary(url, api, canary)
            await api.send("GET", "/v1/polls?limit=1", wanted=(200,))
            setup = Setup(api, suite, seed, ballots, say, canary, asked)
            async with prepared(setup):
                plans = setup.plans(reports / f"locust-{name}.html")
                say(f"{suite.seconds} s of {suite.shape} load: {suite.votes_per_second:,g} votes a second")
                outcomes = await generate(plans, Path(folder))
                await asyncio.sleep(_QUIET_SECONDS)  # by now, interrupted requests are stored or never will be
                say("comparing what is stored with what was acknowledged; recounting")
                findings = await _checked(api, setup, outcomes, Path(folder), data_dir)
        finally:
            await api.close()
    return Report(
        environment=environment,
        url=url,
        canary=canary,
        suite=name,
        seconds=suite.seconds,
        begun_at=begun,
        seed=seed,
        load=msgspec.to_builtins(suite),
        verdict=judge(suite, outcomes, findings, canary, asked),
    )


async def _must_have_canary(url: str, api: Api, canary: str) -> None:
    """Check that a service has a canary: without one the gateway answers 503. The web client's must open, too.

    Raises:
        TargetError: It has none, or its page doesn't open.
    """
    stable = Api(url, {"User-Agent": AGENT})
    try:
        guest = await stable.identity("/v1/auth/guests")
    finally:
        await stable.close()
    if await api.status("/" if canary == WEB else f"/v1/{canary}/", who=guest, tries=_CANARY_TRIES) == 503:
        raise TargetError(f"there is no canary of {canary} at {url}")
    if canary == WEB:
        await must_open(api)


async def _checked(api: Api, setup: Setup, outcomes: list[Outcome], folder: Path, data_dir: Path | None) -> Findings:
    """Run the checks; a target that stops answering under the load fails them."""
    try:
        return await check(api, setup, outcomes, folder, data_dir)
    except TargetError as exc:
        acknowledged = sum(bool(cast.receipt) for each in outcomes for cast in each.casts)
        return Findings(acknowledged=acknowledged, lost=[f"it couldn't be checked: {exc}"])


async def generate(plans: list[Plan], folder: Path) -> list[Outcome]:
    """Run the generators, each in its own process, and return their outcomes.

    Raises:
        GateError: One failed or didn't end.
    """
    processes = []
    try:
        for plan in plans:
            source, target = folder / f"plan-{plan.share}", folder / f"outcome-{plan.share}"
            write(source, plan)
            processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "loadtests.generator",
                    str(source),
                    str(target),
                    cwd=ROOT,
                    env=_environment(os.environ),
                    stdin=asyncio.subprocess.DEVNULL,
                )
            )
        deadline = time.monotonic() + plans[0].suite.seconds + _BEYOND_SECONDS
        for process in processes:
            try:
                async with asyncio.timeout(max(1.0, deadline - time.monotonic())):
                    code = await process.wait()
            except TimeoutError as exc:
                raise GateError("the load generator didn't end in time and was stopped") from exc
            if code:
                raise GateError(f"the load generator failed with exit code {code}; see above")
        return [load(folder / f"outcome-{plan.share}", Outcome) for plan in plans]
    finally:
        for process in processes:
            await _stop(process)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the generator's environment without LOCUST_ variables, which would override the plan."""
    return {name: value for name, value in variables.items() if not name.startswith("LOCUST_")}


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
