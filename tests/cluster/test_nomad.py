"""The jobspec that every service runs by, on a real Nomad beside a real Consul."""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cluster_place import ROOT, Consul, Instance, Nomad, program
from services.core.peers.calls import Calls
from services.registry import NAMES
from services.votebooth.settings import VoteBoothSettings
from tests.conftest import eventually

JOBS = ROOT / "nomad" / "jobs"
SERVICE = JOBS / "service.nomad.hcl"
ZONE = "attr.platform.aws.placement.availability-zone"


def values_file(folder: Path, **values: Any) -> str:
    """Write a file of variables; return the argument that names it."""
    path = folder / "values.hcl"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return f"-var-file={path}"


def rendered(folder: Path, **variables: Any) -> dict[str, Any]:
    """Return a service's job as it is sent to Nomad, without any Nomad there."""
    values = values_file(folder, **{"version": "1.2.3", "environment": {}, **variables})
    command = [program("nomad"), "job", "run", "-output", values, SERVICE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    job: dict[str, Any] = json.loads(done.stdout)["Job"]
    return job


def on_this_machine(settings: dict[str, str], folder: Path, *versions: str) -> dict[str, Any]:
    """Return the variables by which a service runs here, in any version, as an `Instance` with these settings would."""
    for version in versions:
        program_of = folder / "releases" / version / "bin" / "votewave"
        program_of.parent.mkdir(parents=True)
        program_of.symlink_to(Path(sys.executable).parent / "votewave")
    names = ("DATABASE_URL", "REDIS_URL", "SECRETS", "STORAGE", "DATABASE_POOL", "CONSUL_URL")
    return {
        "driver": "raw_exec",
        "releases": str(folder / "releases"),
        "count": 1,
        "drain": "3s",
        "environment": {f"VOTEWAVE_{name}": settings[f"VOTEWAVE_{name}"] for name in names},
        "consul_url": settings["VOTEWAVE_CONSUL_URL"],
    }


def test_jobspecs_are_in_shape() -> None:
    done = subprocess.run(
        [program("nomad"), "fmt", "-check", "-list", JOBS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("driver", ["docker", "raw_exec"])
def test_one_jobspec_renders_every_service_for_either_driver(tmp_path: Path, name: str, driver: str) -> None:
    job = rendered(tmp_path, service=name, driver=driver, node_class="app")
    assert job["ID"] == f"votewave-{name}"
    [group] = job["TaskGroups"]
    [service], [task] = group["Services"], group["Tasks"]
    assert service["Name"] == name
    assert service["Meta"]["version"] == "1.2.3"
    assert task["Config"]["args"] == ["run", name]
    expected = (
        {"args", "command"}
        if driver == "raw_exec"
        else {"args", "image", "ports", "readonly_rootfs", "cap_drop", "ulimit"}
    )
    assert set(task["Config"]) == expected
    if driver == "docker":
        live = VoteBoothSettings().live_connections
        assert int(task["Config"]["ulimit"][0]["nofile"].partition(":")[0]) > 2 * live, "who watches, and the others"
    # What is left to be filled in is Nomad's own; a misspelt variable would be left as it stands as well.
    left = set(re.findall(r"\$\{([^}]*)\}", json.dumps(job)))
    known = {"NOMAD_IP_http", "NOMAD_PORT_http", "NOMAD_SECRETS_DIR", "NOMAD_SHORT_ALLOC_ID", "NOMAD_TASK_DIR"}
    assert left <= known | {"node.class", "node.unique.id", ZONE}
    assert {spread["Attribute"] for spread in group["Spreads"]} == {"${node.unique.id}", f"${{{ZONE}}}"}
    assert group["ShutdownDelay"] >= 10e9, "longer than HAProxy holds an instance that has left (ns)"
    assert task["KillSignal"] == "SIGTERM"


@pytest.mark.parametrize("wrong", [{"service": "Vote booth"}, {"service": "polls", "driver": "exec"}])
def test_a_wrong_variable_is_refused_in_words(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match=r"The (service|driver) is"):
        rendered(tmp_path, **wrong)


async def test_a_service_runs_under_nomad_is_found_through_consul_and_goes_in_order(
    consul: Consul,
    nomad: Nomad,
    instance: Callable[..., Instance],
    token_of: Callable[[str], Any],
    votewave: Any,
    tmp_path: Path,
) -> None:
    others = {name: instance(name, **await token_of(name)) for name in ("auth", "polls")}
    for other in others.values():
        await other.start()
    here = on_this_machine(others["auth"].environment, tmp_path, "1.2.3")
    values = values_file(tmp_path, service="votebooth", version="1.2.3", **here)
    nomad.run("job", "validate", values, str(SERVICE))
    nomad.run("job", "run", values, str(SERVICE))  # returns once the deployment has succeeded

    async def found() -> Any:  # the agent, whom Nomad has asked, knows it a moment before the servers do
        return await consul.get("/v1/health/service/votebooth", passing="1")

    [entry] = await eventually(found, 10)
    assert entry["Service"]["Meta"]["version"] == "1.2.3"
    assert entry["Service"]["ID"].startswith("_nomad-task-"), "Nomad has registered it, and it not itself as well"
    at = f"http://{entry['Service']['Address']}:{entry['Service']['Port']}"
    [allocation] = await nomad.get("/v1/job/votewave-votebooth/allocations")
    assert allocation["DeploymentStatus"]["Healthy"]

    async with httpx.AsyncClient(timeout=20) as client:
        # It asks Auth for its keys, whose address it has from Consul, with the token of its own identity.
        made = await client.post(f"{others['auth'].url}/v1/auth/guests", json={})
        headers = {"authorization": f"Bearer {made.json()['access_token']}"}
        unknown = f"{at}/v1/votebooth/polls/01890000-0000-7000-8000-000000000000/ballot"
        answer = await client.put(unknown, headers=headers, json={"picks": [1]})
        assert answer.status_code == 404, answer.text  # so it has verified the token, and asked Polls

        nomad.run("job", "stop", "-detach", "votewave-votebooth")

        async def has_left() -> bool:
            return not await consul.instances("votebooth")

        await eventually(has_left, 20)
        for _ in range(10):  # whoever still has its address is served during the shutdown delay
            assert (await client.get(f"{at}/health/ready")).status_code == 200

    async def ended() -> Any:
        found = await nomad.get(f"/v1/allocation/{allocation['ID']}")
        return found["TaskStates"]["service"] if found["ClientStatus"] == "complete" else None

    state = await eventually(ended, 40)
    [end] = [event for event in state["Events"] if event["Type"] == "Terminated"]
    assert (end["ExitCode"], end["Signal"]) == (0, 0)


async def test_a_new_version_waits_as_a_canary_and_no_call_fails_while_it_takes_over(
    consul: Consul, nomad: Nomad, instance: Callable[..., Instance], calls: Calls, tmp_path: Path
) -> None:
    here = on_this_machine(instance("auth").environment, tmp_path, "1", "2")

    async def versions() -> Counter[str]:
        entries = await consul.get("/v1/health/service/auth", passing="1")
        return Counter(entry["Service"]["Meta"]["version"] for entry in entries)

    async def released() -> None:
        arguments = (values_file(tmp_path, service="auth", version="2", **here), str(SERVICE))
        await asyncio.to_thread(nomad.run, "job", "run", "-detach", *arguments)

        async def canary_is_healthy() -> Any:
            deployment = await nomad.get("/v1/job/votewave-auth/deployment")
            group = deployment["TaskGroups"]["service"]
            fresh = deployment["JobVersion"] == 1 and group["HealthyAllocs"] == 1
            return (deployment, group) if fresh else None

        deployment, group = await eventually(canary_is_healthy, 60)
        assert not group["Promoted"]

        async def both_are_found() -> bool:
            return await versions() == {"1": 1, "2": 1}

        await eventually(both_are_found, 10)
        entries = await consul.get("/v1/health/service/auth", tag="canary")
        assert [entry["Service"]["Meta"]["version"] for entry in entries] == ["2"], "a gate can tell it apart"
        await asyncio.to_thread(nomad.run, "deployment", "promote", "-detach", deployment["ID"])

        async def only_the_new_one() -> bool:
            return await versions() == {"2": 1}

        await eventually(only_the_new_one, 60)
        await asyncio.sleep(4)  # until the old one has ended

    nomad.run("job", "run", values_file(tmp_path, service="auth", version="1", **here), str(SERVICE))

    async def the_old_one_is_found() -> bool:  # as above, a moment after Nomad has asked
        return await versions() == {"1": 1}

    await eventually(the_old_one_is_found, 10)
    release = asyncio.create_task(released())
    answered = 0
    while not release.done():
        await calls.get("auth", "/.well-known/jwks.json", dict[str, Any])
        answered += 1
        await asyncio.sleep(0.02)
    await release
    assert answered > 100
