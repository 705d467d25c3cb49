"""The gate: a load test of the canaries alone, judged by thresholds (`./just load gate`)."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tools.release.errors import RefusedError, ReleaseError
from tools.release.gate_job import DispatchedGate
from tools.release.steps import Say
from tools.release.target import ROOT, Target

PASSED, FAILED, WRONG, TOO_SLOW, UNREACHABLE = range(5)
"""The gate's exit codes (loadtests/load.py)."""

_AGAINST = {
    FAILED: "the gate says no",
    TOO_SLOW: "the gate couldn't tell, twice: its machine was too slow, or canaries gave too few answers",
    UNREACHABLE: "the gate couldn't reach VoteWave, or was refused what it needs to begin, twice",
}
_ONCE_MORE = {
    TOO_SLOW: "no verdict: the gate's machine was too slow, or canaries gave too few answers; once more",
    UNREACHABLE: "no verdict: VoteWave couldn't be reached, or refused what the gate needs to begin; once more",
}

_EVERY_SECONDS = 0.5
_END_SECONDS = 30.0
_TRIES = 2
# The only options that a dispatched gate takes; the job sets everything else.
_DISPATCHED = re.compile(r"--(suite|seconds|seed)=(.+)")
# The only VOTEWAVE_LOAD_ settings that a gate takes from the shell; others could weaken it unnoticed.
_TAKEN = frozenset({"VOTEWAVE_LOAD_EMAIL", "VOTEWAVE_LOAD_PASSWORD"})


class Trial(Protocol):
    """A gate that is running, here or in the cluster."""

    def code(self) -> int | None:
        """Return its exit code; None while it runs."""

    def end(self) -> None:
        """Stop it if it still runs; it deletes the data that it created."""


@dataclass(frozen=True)
class Canaries:
    """The canaries under test.

    Attributes:
        service: Their service; the gateway routes requests to them that name it in X-VoteWave-Canary.
        version: Their version.
        deployment: Their deployment's id, by which a gate that is still running on them is found and continued.
    """

    service: str
    version: str
    deployment: str


@dataclass(frozen=True)
class Gate:
    """How the canaries are tested.

    Attributes:
        options: Passed to `./just load gate` besides environment, version and address.
    """

    options: tuple[str, ...] = ()

    def check(self, target: Target) -> None:
        """Refuse options that a gate in the cluster doesn't take.

        Raises:
            RefusedError: There is such an option.
        """
        if target.gate_url is None:
            self._meta()

    def verdict(self, target: Target, canaries: Canaries, over: Callable[[], str | None], say: Say) -> str:
        """Put load on the canaries; return why they aren't good enough, or an empty string if they are.

        Whatever the new version could have caused counts against it, even a gate without a verdict: the former version
        is known to be good. A gate that was misconfigured, or stopped by somebody, says nothing about the version.

        Args:
            target: The environment.
            canaries: The canaries under test.
            over: Returns why the test is pointless by now, for example because a canary died; None otherwise.
            say: Reports progress.

        Raises:
            ReleaseError: There is no verdict, and the version can't have caused that.
        """
        for number in range(1, _TRIES + 1):
            trial = self._begin(target, canaries, number, say)
            try:
                while (code := trial.code()) is None:
                    if reason := over():
                        return reason
                    time.sleep(_EVERY_SECONDS)
            finally:
                trial.end()
            if code == PASSED:
                return ""
            if code not in _AGAINST:
                why = "the command or gates.toml is wrong" if code == WRONG else "it was ended before it had a verdict"
                raise ReleaseError(
                    f"{canaries.service}: the gate has no verdict: {why} (exit code {code}; what it said is above). "
                    "The canaries are left as they are: once that is put right, the same command goes on from here; "
                    "./just release rollback ends it."
                )
            if code not in _ONCE_MORE or number == _TRIES:
                return f"{_AGAINST[code]} (exit code {code}; its report is above)"
            say(_ONCE_MORE[code])
        raise AssertionError("the last try decides")

    def _begin(self, target: Target, canaries: Canaries, number: int, say: Say) -> Trial:
        if target.gate_url is None:
            meta, key = {**self._meta(), "canary": canaries.service}, f"{canaries.deployment}-{number}"
            return DispatchedGate(target, canaries.version, meta, key, say)
        where = ["--env", target.environment, "--url", target.gate_url, "--canary", canaries.service]
        return _LocalGate([*where, *self.options])

    def _meta(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for option in self.options:
            said = _DISPATCHED.fullmatch(option)
            if said is None:
                raise RefusedError(
                    f"The gate runs in the cluster and takes --suite=, --seconds=, --seed=, not {option}."
                )
            name, value = said.groups()
            found[name] = f"{found[name]} {value}" if name == "suite" and name in found else value
        return found


class _LocalGate:
    """The gate as a child process. It ends when we do; Ctrl-C reaches only us, and we stop it once."""

    def __init__(self, arguments: list[str]) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("VOTEWAVE_LOAD_") or name in _TAKEN
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.load", "gate", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=sys.stderr,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  (it sets a flag only)
        )

    def code(self) -> int | None:
        return self._process.poll()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent dies, for whatever reason."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
