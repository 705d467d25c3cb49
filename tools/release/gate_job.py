"""The gate as a dispatched job, `votewave-loadtest`, where canaries can be reached only from inside the cluster."""

import time

from tools.release.errors import ReleaseError
from tools.release.nomad import Allocation
from tools.release.steps import Say
from tools.release.target import Target, job_of

_TASK = "gate"
_PLACED_SECONDS = 600.0
_TOLD_LINES = 60
# The exit codes that are a verdict (loadtests/load.py). A run that ended otherwise is removed and dispatched again.
_ANSWERS = frozenset({0, 1, 3, 4})


class DispatchedGate:
    """One run of the job.

    Args:
        target: The environment.
        version: The version whose load tests and thresholds are used.
        meta: The dispatch's parameters.
        key: Makes the dispatch idempotent: the same key returns the same run, even if that has ended, so that an
            interrupted release continues with it.
        say: Reports the end of its log.

    Raises:
        ReleaseError: Nomad refuses the job.
    """

    def __init__(self, target: Target, version: str, meta: dict[str, str], key: str, say: Say) -> None:
        self._nomad = target.nomad
        self._say = say
        self._code: int | None = None
        self._nomad.register(target.render("loadtest", version=version))
        asked = {"env": target.environment, **meta}
        token = " ".join([key, *(f"{name}={value}" for name, value in sorted(asked.items()))])
        self._run = self._nomad.dispatch(job_of("loadtest"), asked, token)
        self._began = time.monotonic()
        say(f"by {self._run}, in the cluster")

    def code(self) -> int | None:
        """Return the gate's exit code; None while it runs.

        Raises:
            ReleaseError: The job can't run, or its machine was lost.
        """
        placed = self._nomad.allocations(self._run)
        ended = next((one for one in placed if one.over), None)
        if ended is not None:
            self._tell(ended)
            if not ended.exit_codes:
                raise ReleaseError(f"The gate's job doesn't run ({ended.client_status}): {ended.story()}")
            self._code = max(ended.exit_codes)
        elif not placed and time.monotonic() - self._began > _PLACED_SECONDS:
            raise ReleaseError(
                f"{self._run} found no machine within {_PLACED_SECONDS:.0f} s; the canaries are left as they are."
            )
        return self._code

    def end(self) -> None:
        """Stop and purge the run, unless it ended with a verdict."""
        if self._code not in _ANSWERS:
            self._nomad.remove(self._run)

    def _tell(self, ended: Allocation) -> None:
        lines = self._nomad.log(ended.id, _TASK, "stdout").strip().splitlines()
        beside = self._nomad.log(ended.id, _TASK, "stderr").strip().splitlines()
        # stderr also has the progress; without a report, its last lines say why there is none.
        lines += [line for line in beside if line.startswith("Error:")] if lines else beside[-8:]
        for line in lines[-_TOLD_LINES:]:
            self._say(line)
