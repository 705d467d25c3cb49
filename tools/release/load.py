"""Puts what runs in the cluster under load: the nightly search for capacity, the weekly soak, the gate's suites."""

import os
import time
from pathlib import Path

from tools.release.errors import RefusedError, RejectedError, ReleaseError
from tools.release.gate import FAILED, PASSED
from tools.release.gate_job import DispatchedGate
from tools.release.steps import Steps
from tools.release.target import Target, job_of

WHATS = ("capacity", "soak", "gate")
_SERVICE = "votebooth"
_EVERY_SECONDS = 5.0


def run_load(target: Target, what: str, steps: Steps) -> None:
    """Run it with the load tests of the version that runs, and wait for its end.

    Args:
        target: The environment.
        what: `capacity`; `soak`; or `gate`, the suites of a release with no canary to compare.
        steps: Records the step; its lines go into the workflow's summary, too.

    Raises:
        RefusedError: No version runs.
        RejectedError: The limits don't hold.
        ReleaseError: It had no verdict.
    """
    present = target.nomad.job(job_of("service", _SERVICE))
    if present is None or present.stop or not present.release:
        raise RefusedError(f"{_SERVICE} doesn't run in {target.environment}, so there is nothing to put under load.")
    meta = {"capacity": {"what": "capacity"}, "soak": {"what": "gate", "suite": "soak"}, "gate": {"what": "gate"}}[what]
    lines: list[str] = []
    with steps.step(_SERVICE, what, f"of {present.release[:12]}") as say:

        def tell(line: str) -> None:
            lines.append(line)
            say(line)

        trial = DispatchedGate(target, present.release, meta, f"{what}-{time.time_ns()}", tell)
        try:
            while (code := trial.code()) is None:
                time.sleep(_EVERY_SECONDS)
        finally:
            trial.end()
            _summarise(what, lines)
        if code == FAILED:
            raise RejectedError(f"{what}: the limits don't hold; see above.")
        if code != PASSED:
            raise ReleaseError(f"{what}: no verdict (exit code {code}); see above.")


def _summarise(what: str, lines: list[str]) -> None:
    """Show it on the run's page at GitHub, if this is a workflow."""
    if (place := os.environ.get("GITHUB_STEP_SUMMARY")) is None:
        return
    text = "\n".join(lines)
    with Path(place).open("a") as file:
        # The search prints a table in Markdown, the gate one of plain text.
        file.write(f"## {what}\n\n" + (text if what == "capacity" else f"```\n{text}\n```") + "\n")
