"""What isn't a service: the gateway, the reports and the autoscaler, and in which order all are released."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from fake_nomad import here
from services.registry import PROGRAMS as SERVICES
from tools.release import __main__ as command
from tools.release import steps, together
from tools.release.beside import BESIDE, Beside
from tools.release.errors import RefusedError, ReleaseError
from tools.release.nomad import Allocation, Deployment, Job, Nomad, Plan
from tools.release.steps import Steps

V1, V2 = "1" * 40, "2" * 40


def rendered(name: str, version: str, driver: str = "docker", image: str = "haproxy@sha256:0") -> dict[str, Any]:
    tasks = [{"Driver": driver, "Config": {"image": image}}]
    return {"ID": f"votewave-{name}", "Meta": {"version": version}, "TaskGroups": [{"Tasks": tasks}]}


class Edges(Nomad):
    """A Nomad with two edge machines; what it does after each look is `then`.

    Args:
        running: The gateway's version that runs; None if there is none yet.
    """

    def __init__(self, running: str | None = V1) -> None:
        super().__init__("http://nomad.invalid", "")
        self.jobs = {} if running is None else {"votewave-gateway": rendered("gateway", running)}
        self.versions_of = dict.fromkeys(self.jobs, 1)
        self.edges = [(1, True), (1, True)] if running else []
        self.then: list[list[tuple[int, bool | None]]] = []
        self.status = "running"

    def job(self, name: str) -> Job | None:
        if name not in self.jobs:
            return None
        return Job(name, version=self.versions_of[name], job_modify_index=self.versions_of[name])

    def plan(self, job: dict[str, Any]) -> Plan:
        same = self.jobs[job["ID"]] == job
        return Plan(1, diff={"Type": "None" if same else "Edited"})

    def register(self, job: dict[str, Any], index: int | None = None) -> int:
        assert index == self.versions_of.get(job["ID"], 0)
        self.jobs[job["ID"]] = job
        self.versions_of[job["ID"]] = (index or 0) + 1
        return self.versions_of[job["ID"]]

    def allocations(self, name: str) -> list[Allocation]:
        if self.then:
            self.edges = self.then.pop(0)
        return msgspec.convert(
            [
                {
                    "ID": f"edge {number}",
                    "JobVersion": version,
                    "ClientStatus": "running",
                    "DesiredStatus": "run",
                    "DeploymentID": "one",
                    "DeploymentStatus": {"Healthy": healthy},
                }
                for number, (version, healthy) in enumerate(self.edges)
            ],
            list[Allocation],
        )

    def deployment_of(self, name: str) -> Deployment | None:
        return Deployment("one", self.versions_of[name], self.status if not self.then else "running", "Failed due to …")


def beside(nomad: Nomad, taken: Steps, environment: str = "staging", **job: str) -> Beside:
    target = replace(here(nomad), environment=environment)
    object.__setattr__(target, "render", lambda name, **variables: rendered(name, variables["version"], **job))
    return Beside(target, V2, taken)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_EVERY_SECONDS", 0.0)


def test_the_gateway_is_released_when_it_is_healthy_on_every_machine(taken: Steps) -> None:
    nomad = Edges()
    nomad.then = [[(2, None), (1, True)], [(2, True), (1, True)], [(2, True), (2, True)]]

    assert beside(nomad, taken).run("gateway") == "released"
    assert not nomad.then, "not before the last"
    assert beside(nomad, taken).run("gateway") == "unchanged"


def test_an_image_of_others_that_our_registry_lacks_is_refused_before_anything_is_touched(taken: Steps) -> None:
    digest = "1" * 64
    ours = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/votewave@sha256:{digest}"
    asked: list[str] = []
    lacking = beside(Edges(), taken, image=ours)
    object.__setattr__(lacking._target, "has_image", asked.append)

    with pytest.raises(RefusedError, match="image mirror --env staging"):
        lacking.look(["gateway"])

    assert asked == [f"mirror-{digest}"]
    object.__setattr__(lacking._target, "has_image", lambda tag: tag == f"mirror-{digest}")
    lacking.look(["gateway"])
    beside(Edges(), taken, image=f"docker.io/library/haproxy@sha256:{digest}").look(["gateway"])


def test_a_gateway_that_does_not_get_well_stops_the_release_and_says_how_to_go_back(taken: Steps) -> None:
    nomad = Edges()
    nomad.then = [[(2, None), (1, True)], [(2, False), (1, True)]]
    nomad.status = "failed"

    with pytest.raises(ReleaseError, match=r"stopped at 0 of 2 machines.*nomad job revert votewave-gateway"):
        beside(nomad, taken).run("gateway")


def test_a_deployment_that_nomad_miscounted_is_no_failure(taken: Steps) -> None:
    """Decision 0019: it fails although every gateway is healthy."""
    nomad = Edges()
    nomad.status = "failed"
    nomad.then = [[(2, True), (2, True)]]

    assert beside(nomad, taken).run("gateway") == "released"


def test_an_image_that_nobody_has_named_is_refused_before_anything_is_touched(taken: Steps) -> None:
    nomad = Edges(None)

    with pytest.raises(RefusedError, match=r"names no image"):
        beside(nomad, taken, image="").look(["autoscaler"])
    beside(nomad, taken, driver="raw_exec", image="").look(["autoscaler"])
    assert not nomad.jobs


def test_the_local_cluster_gets_what_it_runs_and_the_cloud_all(taken: Steps) -> None:
    assert beside(Edges(), taken, "local").wanted() == ["gateway"]
    assert beside(Edges(None), taken, "local").wanted() == []
    assert beside(Edges(None), taken, "production").wanted() == list(BESIDE)


@pytest.mark.parametrize("first", [False, True])
def test_all_is_everything_in_order(monkeypatch: pytest.MonkeyPatch, *, first: bool) -> None:
    """Routes come before the services that they lead to; but the very first gateway waits for Auth's keys."""
    ran: list[str] = []
    target = replace(here(Edges(None if first else V1)), environment="staging", gate_url=None)

    class Service(together.Release):
        def look(self) -> None:
            assert not ran

        def run(self, *, migrated: bool = False, allow_contract: str = "") -> str:
            ran.append(self._service)
            return "released"

    def run(_: Beside, name: str) -> str:
        ran.append(name)
        return "released"

    monkeypatch.setattr(together, "Release", Service)
    monkeypatch.setattr(command, "cloud", lambda *_: target)
    monkeypatch.setattr(together, "migrate", lambda *_, **__: ran.append("migrate"))
    monkeypatch.setattr(Beside, "look", lambda *_: None)
    monkeypatch.setattr(Beside, "run", run)

    line = ["--env=staging", "--service=all", f"--version={V2}"]
    if first:
        refused = CliRunner().invoke(command.main, line)
        assert refused.exit_code == RefusedError.code
        assert "No gateway runs in staging" in refused.output
        assert not ran
        line.append("--skip-gate=the first version")

    done = CliRunner().invoke(command.main, line)

    assert done.exit_code == 0, done.output
    if first:
        assert ran == ["migrate", *SERVICES, "gateway", "reports", "autoscaler"]
    else:
        assert ran == ["migrate", "gateway", *SERVICES, "reports", "autoscaler"]
