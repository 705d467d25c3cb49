"""The gate as releases ask it: what counts against a version, and what says nothing about it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from fake_nomad import FakeNomad, here
from tools.release.errors import RefusedError, ReleaseError
from tools.release.gate import Canaries, Gate, Trial
from tools.release.steps import Say
from tools.release.target import ROOT, Target

CANARIES = Canaries("votebooth", "2" * 40, "deployment-1")


@dataclass
class Ended:
    """A gate that has ended, or never does."""

    exit_code: int | None
    ended: bool = False

    def code(self) -> int | None:
        return self.exit_code

    def end(self) -> None:
        self.ended = True


@dataclass(frozen=True)
class Given(Gate):
    """A gate whose exit codes are known, one after the other."""

    codes: tuple[int | None, ...] = ()
    trials: list[Ended] = field(default_factory=list)

    def _begin(self, target: Target, canaries: Canaries, number: int, say: Say) -> Trial:
        self.trials.append(Ended(self.codes[number - 1]))
        return self.trials[-1]


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ((0,), ""),
        ((1,), "the gate says no"),
        ((3, 0), ""),
        ((3, 3), "couldn't tell, twice"),
        ((3, 1), "the gate says no"),
        ((4, 0), ""),
        ((4, 4), "couldn't reach VoteWave"),
    ],
)
def test_what_the_version_may_be_to_blame_for_counts_against_it(
    nomad: FakeNomad, codes: tuple[int, ...], reason: str
) -> None:
    gate = Given(codes=codes)
    found = gate.verdict(here(nomad), CANARIES, lambda: None, lambda _: None)
    assert (reason in found) if reason else found == ""
    assert len(gate.trials) == len(codes)


@pytest.mark.parametrize(
    ("code", "why"), [(2, "command or gates.toml is wrong"), (130, "was ended"), (-15, "was ended"), (137, "was ended")]
)
def test_a_gate_that_is_wrongly_asked_for_or_ended_is_no_verdict(nomad: FakeNomad, code: int, why: str) -> None:
    with pytest.raises(ReleaseError, match=why) as raised:
        Given(codes=(code,)).verdict(here(nomad), CANARIES, lambda: None, lambda _: None)
    assert raised.value.code == 1


def test_a_gate_ends_with_its_canaries(nomad: FakeNomad) -> None:
    gate = Given(codes=(None,))
    assert gate.verdict(here(nomad), CANARIES, lambda: "it died", lambda _: None) == "it died"
    assert gate.trials[0].ended


def test_the_shells_settings_do_not_weaken_it(nomad: FakeNomad, monkeypatch: pytest.MonkeyPatch) -> None:
    # With any of these the gate would exit with 2.
    for name, value in (("GATES", "/nowhere"), ("SECONDS", "0"), ("SUITE", "none"), ("SEED", "?")):
        monkeypatch.setenv(f"VOTEWAVE_LOAD_{name}", value)
    said: list[str] = []
    found = Gate().verdict(here(nomad, "http://127.0.0.1:1"), CANARIES, lambda: None, said.append)
    assert "couldn't reach VoteWave" in found


@pytest.fixture
def silent() -> Iterator[str]:
    """Where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends it")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_does_not_outlive_the_release(silent: str, tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "from tools.release.gate import Gate, Canaries; from fake_nomad import FakeNomad, here;"
        f"Gate().verdict(here(FakeNomad(), {silent!r}), Canaries('votebooth', '', ''), lambda: None, print)"
    )
    path = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while not (gates := psutil.Process(process.pid).children()):
            assert time.monotonic() < deadline
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.05)
    finally:
        process.send_signal(number)
        process.wait(30)
    _, alive = psutil.wait_procs(gates, timeout=30)
    assert alive == []


def dispatched(nomad: FakeNomad, *options: str, over: str = "", codes: tuple[int, ...] = ()) -> tuple[str, list[str]]:
    """Have the gate's job run in the cluster and end with these codes, one after the other."""
    said: list[str] = []
    left = list(codes)

    def end() -> str | None:
        running = [run for run in nomad.runs.values() if run["code"] is None]
        if running and left:
            running[-1]["code"] = left.pop(0)
        return over or None

    return Gate(options).verdict(here(nomad, None), CANARIES, end, said.append), said


def test_where_only_the_cluster_reaches_canaries_it_runs_there(nomad: FakeNomad) -> None:
    found, said = dispatched(nomad, "--suite=rush", "--suite=steady", "--seconds=60", codes=(0,))
    assert found == ""
    assert said == ["by votewave-loadtest/dispatch-0, in the cluster", "steady: pass"]
    [run] = nomad.runs.values()
    assert run["meta"] == {"env": "local", "canary": "votebooth", "suite": "rush steady", "seconds": "60"}


def test_a_gate_in_the_cluster_is_judged_by_its_exit_code(nomad: FakeNomad) -> None:
    nomad.logs = {"stdout": "steady: fail: p50_ms", "stderr": "making a poll\nError: the reports aren't in s3"}
    found, said = dispatched(nomad, codes=(3, 1))
    assert "the gate says no" in found
    assert said[-2:] == ["steady: fail: p50_ms", "Error: the reports aren't in s3"]
    assert len(nomad.runs) == 2
    nomad.logs = {"stdout": "", "stderr": "Usage: …\n\nError: no such suite"}
    with pytest.raises(ReleaseError, match="is wrong"):
        dispatched(nomad, "--seed=1", codes=(2,))
    assert nomad.removed == ["votewave-loadtest/dispatch-2"], "the same command asks anew"


def test_a_verdict_in_the_cluster_outlives_the_release_that_asked(nomad: FakeNomad) -> None:
    dispatched(nomad, codes=(0,))
    assert dispatched(nomad)[0] == "", "nothing ends another run, so this one is the same"
    assert len(nomad.runs) == 1


def test_a_gate_in_the_cluster_is_stopped_with_its_canaries_or_its_release(nomad: FakeNomad) -> None:
    assert dispatched(nomad, over="it died")[0] == "it died"
    assert nomad.removed == ["votewave-loadtest/dispatch-0"]

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Gate().verdict(here(nomad, None), CANARIES, interrupted, lambda _: None)
    assert nomad.removed[1:] == ["votewave-loadtest/dispatch-1"]
    assert nomad.runs == {}


def test_options_that_the_job_does_not_take_are_refused_before_anything_else(nomad: FakeNomad) -> None:
    Gate(("--gates=x",)).check(here(nomad))
    with pytest.raises(RefusedError, match="not --gates=x"):
        Gate(("--gates=x",)).check(here(nomad, None))
