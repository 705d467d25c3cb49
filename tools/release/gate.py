"""The gate: load on the canaries alone, and thresholds that decide (`./just load gate`)."""

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
"""What the gate exits with (loadtests/load.py)."""

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
# What a dispatch may say; everything else about the gate in the cluster is the job's.
_DISPATCHED = re.compile(r"--(suite|seconds|seed)=(.+)")
# The only settings of the shell's that a gate takes; others would weaken it without anybody's noticing.
_TAKEN = frozenset({"VOTEWAVE_LOAD_EMAIL", "VOTEWAVE_LOAD_PASSWORD"})


class Trial(Protocol):
    """A gate that runs somewhere."""

    def code(self) -> int | None:
        """Return its exit code; None while it runs."""

    def end(self) -> None:
        """End it, if it still runs; it deletes what it has made."""


@dataclass(frozen=True)
class Canaries:
    """What is tried.

    Attributes:
        service: Whose; the gateway sends them what names it in X-VoteWave-Canary.
        version: Of which version.
        deployment: Theirs, which tells them from others: a gate that was left running on them is taken up again.
    """

    service: str
    version: str
    deployment: str


@dataclass(frozen=True)
class Gate:
    """How the canaries are tried.

    Attributes:
        options: Given to `./just load gate` besides environment, version and address.
    """

    options: tuple[str, ...] = ()

    def check(self, target: Target) -> None:
        """Refuse options that a gate in the cluster doesn't take.

        Raises:
            RefusedError: There is such a one.
        """
        if target.gate_url is None:
            self._meta()

    def verdict(self, target: Target, canaries: Canaries, over: Callable[[], str | None], say: Say) -> str:
        """Put the canaries under load; return why they are not good enough, empty if they are.

        What the version may be to blame for counts against it, also that there is no verdict: the former one is known
        to be good. A gate that was wrongly asked for, or ended by somebody, says nothing about the version.

        Args:
            target: Where.
            canaries: What is tried.
            over: Says why there is nothing left to try, such as a canary that has died meanwhile.
            say: Told of it.

        Raises:
            ReleaseError: There is no verdict, and the version isn't to blame.
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
    """The gate as a process here. It doesn't outlive us, and Ctrl-C reaches it through us alone, once."""

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
    """Have the kernel end the process when we die, however that happens."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
