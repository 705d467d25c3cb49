"""Every job of nomad/jobs with every environment of nomad/env: in shape, valid, plannable, and whole once rendered."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cluster_place import ROOT, program
from cluster_shared import SharedCluster
from services.registry import NAMES, PROGRAMS
from tests.conftest import eventually

JOBS = sorted((ROOT / "nomad" / "jobs").glob("*.nomad.hcl"))
ENVIRONMENTS = sorted((ROOT / "nomad" / "env").glob("*.hcl"))
VERSION = "0" * 40
EACH = pytest.mark.parametrize("job", JOBS, ids=lambda path: path.name.partition(".")[0])
IN_EACH = pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)

# What Nomad fills in when a task starts.
RUNTIME = re.compile(r"NOMAD_[A-Za-z_]+|node\.[\w.]+|attr\.[\w.-]+|meta\.[\w.]+")


def arguments(job: Path, environment: Path) -> list[str]:
    given = [f"-var-file={environment}", "-var", f"version={VERSION}", "-var", "service=votebooth"]
    given += ["-var", f"autoscaler_image=nomad-autoscaler@sha256:{'0' * 64}"]  # whoever deploys it finds the digest
    return ["-hcl2-strict=false", *given, str(job)]


def nomad(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [program("nomad"), *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def rendered(job: Path, environment: Path) -> dict[str, Any]:
    """Return a job as it is sent to Nomad, without any Nomad there."""
    done = nomad("job", "run", "-output", *arguments(job, environment))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["Job"]
    return found


def test_there_is_what_the_tests_look_for() -> None:
    assert {path.name for path in JOBS} >= {"service.nomad.hcl", "migrate.nomad.hcl", "reports.nomad.hcl"}
    assert "local" in {path.stem for path in ENVIRONMENTS}


def test_jobs_and_values_are_in_shape() -> None:
    done = nomad("fmt", "-check", "-list", str(ROOT / "nomad" / "jobs"), str(ROOT / "nomad" / "env"))
    assert done.returncode == 0, done.stdout


@IN_EACH
@EACH
def test_what_is_rendered_leaves_nothing_open(job: Path, environment: Path) -> None:
    text = json.dumps(rendered(job, environment))
    left = set(re.findall(r"\$\{([A-Za-z_][^}]*)\}", text))
    # HAProxy has variables of its own, which the gateway's task gives it; they are in its environment.
    assert {one for one in left if not RUNTIME.fullmatch(one) and not one.startswith("GATEWAY_")} == set()


@IN_EACH
def test_each_value_is_some_job_s(environment: Path) -> None:
    """Jobs pass over values that aren't theirs, so that one file serves them all: misspelt ones, too."""
    declared = {name for job in JOBS for name in re.findall(r'^variable "(\w+)"', job.read_text(), re.MULTILINE)}
    assert set(re.findall(r"^(\w+)\s*=", environment.read_text(), re.MULTILINE)) <= declared


@IN_EACH
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_service_is_deployed_with_care(name: str, environment: Path) -> None:
    given = [f"-var-file={environment}", "-var", f"version={VERSION}", "-var", f"service={name}"]
    given += ["-var", "aws_role=arn:aws:iam::123456789012:role/votewave-some-%s"]  # Terraform knows it
    done = nomad("job", "run", "-output", "-hcl2-strict=false", *given, str(ROOT / "nomad/jobs/service.nomad.hcl"))
    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout)["Job"]
    [group] = job["TaskGroups"]
    assert (job["Update"]["Canary"], job["Update"]["AutoRevert"], job["Update"]["AutoPromote"]) == (1, True, False)
    assert {check["Path"] for check in group["Services"][0]["Checks"]} == {"/health/ready", "/health/live"}
    assert group["ShutdownDelay"] >= 10e9, "longer than HAProxy holds an instance that has left (ns)"
    assert group["Spreads"]
    assert group["Disconnect"]["Replace"]
    assert group["ReschedulePolicy"]["Unlimited"]
    [task] = group["Tasks"]
    roles = [f"arn:aws:iam::123456789012:role/votewave-some-{name}"] if name in NAMES else []
    assert [value for key, value in task["Env"].items() if key == "AWS_ROLE_ARN"] == roles
    assert [identity["Audience"] for identity in task["Identities"] or []] == [["sts.amazonaws.com"] for _ in roles]
    assert task["Resources"]["MemoryMB"] >= 128


@IN_EACH
@EACH
async def test_nomad_takes_and_plans_it(cluster: SharedCluster, job: Path, environment: Path) -> None:
    await cluster.run("job", "validate", *arguments(job, environment))
    planned = await cluster.plan(*arguments(job, environment))
    assert "Job Modify Index" in planned


async def test_no_job_holds_a_secret(cluster: SharedCluster) -> None:
    secrets = cluster.cluster.secrets.all()
    master = json.loads(secrets.pop("migrate/master"))["password"]
    for job in await cluster.nomad("/v1/jobs"):
        text = json.dumps(await cluster.nomad(f"/v1/job/{job['ID']}"))
        held = [name for name, value in secrets.items() if value in text]
        assert held == [], f"{job['ID']} holds {held}"
        assert master not in text


async def test_the_report_recounts_every_poll(cluster: SharedCluster) -> None:
    async with cluster.voting(20, 20) as votes:
        pass
    said = await cluster.run("job", "periodic", "force", "-detach", "votewave-reports")
    assert said

    async def done() -> Any:
        found = await cluster.nomad("/v1/allocations", prefix="")
        return [
            one for one in found if one["JobID"].startswith("votewave-reports/") and one["ClientStatus"] == "complete"
        ]

    [run] = (await eventually(done, 90))[:1]
    log = cluster.cluster.jobs.log(run["ID"], "recount")
    found = re.search(r"(\d+) polls with (\d+) ballots recounted; all agree", log)
    assert found is not None, log
    assert int(found[1]) >= 1
    assert int(found[2]) >= votes.ballots
