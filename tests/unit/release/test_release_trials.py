"""Trying the gate: each kind of version is judged as often as was asked for, and none of them reaches users."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_nomad import SERVICE, FakeNomad, here, job
from tools.release.errors import ReleaseError
from tools.release.gate import FAILED, PASSED, WRONG, Canaries, Gate
from tools.release.steps import Steps
from tools.release.trials import KINDS, Trials, busy, make_version, try_gate

RUNNING = "1" * 40


class Ended:
    """A load test that has ended."""

    def __init__(self, code: int) -> None:
        self._code = code

    def code(self) -> int:
        return self._code

    def end(self) -> None:
        pass


def judge_by_program(monkeypatch: pytest.MonkeyPatch, releases: Path, codes: dict[str, int]) -> None:
    """Have the load test of a version end as its fault says."""

    def begin(_: Gate, __: Any, canaries: Canaries, *___: Any) -> Ended:
        program = (releases / canaries.version / "bin" / "votewave").read_text()
        return Ended(next((code for fault, code in codes.items() if fault in program), PASSED))

    monkeypatch.setattr(Gate, "_begin", begin)


def test_each_kind_is_judged_so_often_and_taken_away(
    nomad: FakeNomad, taken: Steps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nomad.stable(job(RUNNING))
    judge_by_program(monkeypatch, tmp_path, {"slow=50": FAILED})  # one that fails is missed
    found = try_gate(here(nomad), tmp_path, SERVICE, RUNNING, taken, lambda: Trials(times=3))
    assert [(each.kind, each.times, each.right) for each in found] == [
        ("healthy", 3, 3),
        ("50 ms slower", 3, 3),
        ("1 % failing", 3, 0),
    ]
    assert nomad.newest["Meta"]["version"] == RUNNING
    assert "promote" not in [step.name for step in taken.taken]
    assert len(list(tmp_path.iterdir())) == len(KINDS)


def test_a_gate_that_is_misconfigured_is_no_verdict(
    nomad: FakeNomad, taken: Steps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nomad.stable(job(RUNNING))
    judge_by_program(monkeypatch, tmp_path, {"exec": WRONG})
    with pytest.raises(ReleaseError, match=r"gates\.toml is wrong"):
        try_gate(here(nomad), tmp_path, SERVICE, RUNNING, taken, lambda: Trials(times=3))


def test_a_fault_is_in_the_one_command_alone(tmp_path: Path) -> None:
    real = tmp_path / "real" / "bin"
    real.mkdir(parents=True)
    for name in ("python", "votewave"):
        (real / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (real / name).chmod(0o755)
    make_version(tmp_path, "real", "faulty", "errors=1")
    program = tmp_path / "faulty" / "bin" / "votewave"

    def said(*arguments: str) -> str:
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    assert said("run", "polls").endswith("faulty.py errors=1 run polls")
    assert said("migrate", "polls") == "votewave migrate polls"


def test_what_keeps_processors_busy_ends_with_the_trials() -> None:
    with pytest.raises(KeyboardInterrupt), busy(2):
        raise KeyboardInterrupt
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sum(range(100_000))" not in running
