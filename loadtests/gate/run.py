"""A gate from beginning to end: stage, load, checks, verdict."""

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

from loadtests.gate.api import Api
from loadtests.gate.checks import Findings, check
from loadtests.gate.config import Canary, Suite
from loadtests.gate.errors import GateError, TargetError
from loadtests.gate.plan import AGENT, CANARY_HEADER, Outcome, Plan, load, write
from loadtests.gate.report import Report
from loadtests.gate.stage import Stage, standing
from loadtests.gate.verdict import judge

_BEYOND_SECONDS = 90.0
"""What a generator may take beyond the load itself: users start, last answers come, its files are written."""

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
    """Put a VoteWave under a suite's load and judge it.

    Args:
        environment: Whose thresholds these are.
        name: The suite's.
        suite: The load and its thresholds.
        url: The target.
        canary: A service whose canaries are asked instead of its other instances; empty for none.
        asked: What must hold of their answers.
        seed: Of every chance.
        ballots: The folder of real ballots, which needn't be there.
        reports: Where Locust's report goes.
        data_dir: Of the `votewave up` that is the target, if it is one.
        say: Gets a line about each step.

    Raises:
        TargetError: The target can't be reached, or refuses what is needed to begin.
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
            stage = Stage(api, suite, seed, ballots, say, canary)
            async with standing(stage):
                plans = stage.plans(reports / f"locust-{name}.html")
                say(f"{suite.seconds} s of {suite.shape} load: {suite.votes_per_second:,g} votes a second")
                outcomes = await generate(plans, Path(folder))
                await asyncio.sleep(_QUIET_SECONDS)  # what was cut off is stored by now, or won't be
                say("comparing what is stored with what was acknowledged; recounting")
                findings = await _checked(api, stage, outcomes, Path(folder), data_dir)
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
    """Ask a service's canary for what isn't there; without a canary the gateway answers 503.

    Raises:
        TargetError: There is none.
    """
    everybody = Api(url, {"User-Agent": AGENT})
    try:
        guest = await everybody.identity("/v1/auth/guests")
    finally:
        await everybody.close()
    if await api.status(f"/v1/{canary}/", who=guest, tries=_CANARY_TRIES) == 503:
        raise TargetError(f"there is no canary of {canary} at {url}")


async def _checked(api: Api, stage: Stage, outcomes: list[Outcome], folder: Path, data_dir: Path | None) -> Findings:
    """Check; a target that fell silent under the load has kept no promise, and that is a verdict."""
    try:
        return await check(api, stage, outcomes, folder, data_dir)
    except TargetError as exc:
        acknowledged = sum(bool(cast.receipt) for each in outcomes for cast in each.casts)
        return Findings(acknowledged=acknowledged, lost=[f"it couldn't be checked: {exc}"])


async def generate(plans: list[Plan], folder: Path) -> list[Outcome]:
    """Run the generators, each a process of its own, and return what they saw.

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
    """Return the generator's variables; what begins with LOCUST_ would change Locust behind the plan's back."""
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
