"""`./just release` as a process: it can be ended in order, and says so."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from fake_nomad import FakeNomad, here, job
from tools.release import __main__ as command
from tools.release import migrating, together
from tools.release.errors import RefusedError, ReleaseError, SupersededError
from tools.release.nomad import Allocation, Job, Nomad
from tools.release.steps import Steps
from tools.release.target import ROOT

V1, V2, V3 = "1" * 40, "2" * 40, "3" * 40


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_release_says_so_in_json(tmp_path: Path, number: signal.Signals) -> None:
    program = tmp_path / "releases" / V1 / "bin" / "votewave"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "token").touch()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = {
            "nomad_deploy_token_file": str(tmp_path / "token"),
            "nomad_token_file": str(tmp_path / "token"),
            "releases": str(tmp_path / "releases"),
            "nomad_url": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "nomad_program": "nomad",
            "var_files": [],
            "gateway_url": "http://127.0.0.1:1",
        }
        (tmp_path / "cluster.json").write_text(json.dumps(said))
        line = ["--env=local", "--json", f"--folder={tmp_path}", "--service=votebooth", f"--version={V1}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.release", *line], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE
        )
        try:
            silent.settimeout(60)
            asked, _ = silent.accept()  # it waits for Nomad's answer now
            process.send_signal(number)
            printed, _ = process.communicate(timeout=30)
            asked.close()
        finally:
            process.kill()
    outcome = json.loads(printed)
    assert process.returncode == outcome["code"] == command.INTERRUPTED
    assert "the same command goes on" in outcome["error"]


def test_what_was_done_before_a_service_was_refused_is_told(nomad: FakeNomad, monkeypatch: pytest.MonkeyPatch) -> None:
    nomad.stable(job(V1))
    ran: list[list[str]] = []

    class First(together.Release):
        """The first service is released as any, the second refused."""

        def run(self, *, migrated: bool = False, allow_contract: str = "") -> str:
            assert migrated
            if self._service == "auth":
                return "released"
            raise ReleaseError(f"{self._service}: there is no room for it")

    monkeypatch.setattr(together, "Release", First)
    monkeypatch.setattr(command, "local", lambda _: here(nomad))
    monkeypatch.setattr(together, "migrate", lambda _target, names, *_, **__: ran.append(names))
    done = CliRunner().invoke(command.main, ["--env=local", "--json", "--service=all", f"--version={V2}"])
    outcome = json.loads(done.stdout)
    assert outcome["services"] == {"auth": "released"}
    assert outcome["error"].endswith("there is no room for it\nDone before: auth.")
    assert ran == [["all"]], "also where a release is under way: migrations that have run are left out by themselves"


class Migrations(Nomad):
    """A Nomad with the job of migrations, which another release may register once more."""

    def __init__(self, *allocations: dict[str, Any], status: str = "running") -> None:
        super().__init__("http://nomad.invalid", "")
        self.index, self.status = 7, status
        self.placed = list(allocations)
        self.looks = 0
        self.looked: Callable[[], object] = lambda: None

    def job(self, name: str) -> Job | None:
        self.looks += 1
        self.looked()
        return Job(name, version=self.index, job_modify_index=self.index, status=self.status)

    def allocations(self, name: str) -> list[Allocation]:
        return msgspec.convert(self.placed, list[Allocation])

    def register(self, job: dict[str, Any], index: int | None = None) -> int:
        assert index == self.index
        self.index += 1
        return self.index


def placed(version: int, status: str) -> dict[str, Any]:
    return {"ID": f"run {version}", "JobVersion": version, "ClientStatus": status, "DesiredStatus": "run"}


def test_another_release_s_migrations_aren_t_taken_for_one_s_own(nomad: FakeNomad) -> None:
    migrations = Migrations(placed(7, "complete"))

    def superseded() -> None:
        if migrations.looks == 4:  # the first that finds this release's job at work is the third
            migrations.index = 9
            migrations.placed.append(placed(9, "complete"))

    migrations.looked = superseded
    with pytest.raises(SupersededError, match="taken the place"):
        migrating.migrate(here(migrations), ["votebooth"], V1, Steps(lambda _: None))


@pytest.mark.parametrize(
    ("status", "allocations", "idle"),
    [
        ("pending", (), False),
        ("pending", (placed(6, "complete"),), False),
        ("running", (placed(6, "complete"), placed(7, "running")), False),
        ("running", (placed(6, "running"), placed(7, "complete")), False),
        ("running", (placed(6, "complete"), placed(7, "complete")), True),
        ("dead", (placed(7, "failed"),), True),
        ("dead", (), True),
    ],
)
def test_migrations_that_wait_for_a_machine_are_at_work(
    status: str, allocations: tuple[dict[str, Any], ...], *, idle: bool
) -> None:
    assert migrating._idle(Migrations(*allocations, status=status), "votewave-migrate") is idle


@pytest.mark.parametrize(
    ("codes", "ends"),
    [
        ((0,), contextlib.nullcontext()),
        ((1, 1, 0), contextlib.nullcontext()),
        ((1, 1, 1), pytest.raises(ReleaseError, match="The migrations failed")),
        ((3,), pytest.raises(RefusedError)),
    ],
)
def test_migrations_that_fail_are_tried_again_but_a_refusal_is_one(
    nomad: FakeNomad,
    monkeypatch: pytest.MonkeyPatch,
    codes: tuple[int, ...],
    ends: contextlib.AbstractContextManager[object],
) -> None:
    made: list[int] = []

    def run(*_: Any) -> Allocation:
        made.append(codes[len(made)])
        events = [{"Type": "Terminated", "ExitCode": made[-1]}]
        return msgspec.convert(
            {
                "ID": "run",
                "ClientStatus": "failed" if made[-1] else "complete",
                "TaskStates": {"migrate": {"Events": events}},
            },
            Allocation,
        )

    monkeypatch.setattr(migrating, "_run", run)
    monkeypatch.setattr(migrating, "_idle", lambda *_: True)
    monkeypatch.setattr(migrating, "_PAUSE_SECONDS", 0.0)
    with ends:
        migrating.migrate(here(nomad), ["votebooth"], V1, Steps(lambda _: None))
    assert made == list(codes)
