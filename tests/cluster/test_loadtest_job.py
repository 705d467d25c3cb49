"""The load gate as a job: dispatched with what it is to do, it fails where the gate doesn't pass."""

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest
from cluster_place import ROOT, Consul, Nomad, program
from tests.conftest import eventually

JOB = ROOT / "nomad" / "jobs" / "loadtest.nomad.hcl"
GATES = ROOT / "tests" / "integration" / "loadtests" / "small_gates.toml"
HERE = (
    "-hcl2-strict=false",
    "-var=version=1.2.3",
    "-var=driver=raw_exec",
    f"-var=load_python={sys.executable}",
    f"-var=load_source={ROOT}",
    f"-var=load_gates={GATES}",
)


@pytest.mark.parametrize("driver", ["docker", "raw_exec"])
def test_the_job_renders_for_either_driver(driver: str) -> None:
    command = [program("nomad"), "job", "run", "-output", "-var=version=1.2.3", f"-var=driver={driver}", str(JOB)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout)["Job"]
    [task] = job["TaskGroups"][0]["Tasks"]
    assert job["ID"] == "votewave-loadtest"
    # Each that a dispatch may say has a value where none does: else it would be left as it stands.
    assert set(job["ParameterizedJob"]["MetaOptional"]) <= set(job["Meta"])
    said = {value.removeprefix("${NOMAD_META_").removesuffix("}") for value in task["Env"].values() if "META" in value}
    assert said <= set(job["Meta"])
    parts = (
        {"args", "command"} if driver == "raw_exec" else {"args", "image", "entrypoint", "readonly_rootfs", "cap_drop"}
    )
    assert set(task["Config"]) == parts


async def dispatched(nomad: Nomad, *meta: str) -> tuple[str, str]:
    """Dispatch the job; return how it ended and what it printed."""
    arguments = [part for each in meta for part in ("-meta", each)]
    said = nomad.run("job", "dispatch", "-detach", *arguments, "votewave-loadtest")
    name = next(line.split("=")[1].strip() for line in said.splitlines() if line.startswith("Dispatched Job ID"))

    async def over() -> Any:
        allocations = await nomad.get(f"/v1/job/{name}/allocations")
        return [one for one in allocations if one["ClientStatus"] in {"complete", "failed"}]

    [allocation] = await eventually(over, 120)
    return allocation["ClientStatus"], nomad.run("alloc", "logs", allocation["ID"])


async def test_a_dispatched_gate_judges_the_gateway_that_consul_knows(
    votewave: Any, consul: Consul, nomad: Nomad
) -> None:
    host, port = votewave.url.removeprefix("http://").split(":")
    gateway = {"Name": "gateway", "Address": host, "Port": int(port)}
    async with httpx.AsyncClient(headers={"x-consul-token": consul.management}) as client:
        (await client.put(f"{consul.url}/v1/agent/service/register", json=gateway)).raise_for_status()
    nomad.run("job", "run", *HERE, str(JOB))

    status, printed = await dispatched(nomad, "env=test", "suite=changeless", "seconds=2")
    assert status == "complete", printed
    assert f"test/changeless: 2 s against {votewave.url}" in printed
    assert "stored_equals_acknowledged  equal" in printed
    assert "changeless: pass" in printed

    status, printed = await dispatched(nomad, "env=test", "suite=changeless", "seconds=1", "canary=votebooth")
    assert status == "failed", printed
    assert "changeless: fail: canaries_answer" in printed
