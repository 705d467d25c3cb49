"""How often the gate is right: versions that are known to be good or bad, each judged several times."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.release.errors import RejectedError
from tools.release.gate import Canaries, Gate
from tools.release.release import Release
from tools.release.steps import Say, Steps
from tools.release.target import Target

KINDS = {"healthy": "", "50 ms slower": "slow=50", "1 % failing": "errors=1"}
"""What is put into each version."""

_OVER = "the trials are over"
_FAULTY = Path(__file__).with_name("faulty.py")


@dataclass(frozen=True)
class Trials(Gate):
    """A gate that judges the same canaries several times, and then refuses them, whatever it found.

    Attributes:
        times: How often.
        reasons: Why they weren't good enough, each time; empty where they were.
    """

    times: int = 10
    reasons: list[str] = field(default_factory=list)

    def verdict(self, target: Target, canaries: Canaries, over: Callable[[], str | None], say: Say) -> str:
        """See `Gate.verdict`."""
        for number in range(1, self.times + 1):
            reason = super().verdict(target, canaries, over, say)
            self.reasons.append(reason)
            say(f"{number} of {self.times}: {reason or 'good enough'}")
        return _OVER


@dataclass(frozen=True)
class Tried:
    """What the gate said of one kind of version.

    Attributes:
        kind: Which.
        times: How often it was judged.
        right: How often rightly: a healthy version is to be promoted, another one refused.
        reasons: Why it was refused, each time; empty where it wasn't.
    """

    kind: str
    times: int
    right: int
    reasons: tuple[str, ...]


def try_gate(
    target: Target, releases: Path, service: str, running: str, steps: Steps, trials: Callable[[], Trials]
) -> list[Tried]:
    """Start canaries of each kind beside what runs, judge them, and take them away.

    Args:
        target: The local cluster.
        releases: The folder of its versions.
        service: Whose canaries.
        running: The version that runs.
        steps: Records each step.
        trials: Makes the gate of one kind.

    Raises:
        ReleaseError: The canaries can't be started, or the gate is misconfigured.
    """
    found = []
    for kind, fault in KINDS.items():
        name = f"{running[:40]}-trial-{time.time_ns() % 10**9}"
        make_version(releases, running, name, fault)
        gate = trials()
        try:
            Release(target, service, name, steps, gate).run(migrated=True)
        except RejectedError as exc:
            if not str(exc).endswith(_OVER):
                raise
        right = sum(bool(reason) == bool(fault) for reason in gate.reasons)
        found.append(Tried(kind, len(gate.reasons), right, tuple(gate.reasons)))
    return found


def make_version(releases: Path, of: str, name: str, fault: str = "", command: str = "run") -> None:
    """Make a version of the local cluster's, which is another one with a fault put in.

    Args:
        releases: The folder of the cluster's versions.
        of: The version without it.
        name: What to call it.
        fault: Which one; empty for none.
        command: The command of `votewave` that has it.
    """
    real, folder = releases / of / "bin", releases / name / "bin"
    folder.mkdir(parents=True)
    program = folder / "votewave"
    lines = ["#!/bin/sh"]
    if fault:
        lines.append(f'if [ "$1" = {command} ]; then exec {real}/python -P {_FAULTY} {fault} "$@"; fi')
    program.write_text("\n".join([*lines, f'exec {real}/votewave "$@"', ""]))
    program.chmod(0o755)


@contextmanager
def busy(processors: int) -> Iterator[None]:
    """Keep so many processors busy, as other work on the machine would."""
    others: Sequence[subprocess.Popen[bytes]] = [
        subprocess.Popen([sys.executable, "-c", "while True: sum(range(100_000))"]) for _ in range(processors)
    ]
    try:
        yield
    finally:
        for each in others:
            each.kill()
            each.wait()
