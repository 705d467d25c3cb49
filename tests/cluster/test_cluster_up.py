"""`./just cluster` itself: what it starts, what it says, who may read what, and that nothing is left behind."""

import asyncio
import json
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from botocore.exceptions import ClientError
from cluster_place import ROOT
from cluster_shared import SharedCluster, command, marked, place
from services.registry import NAMES, PROGRAMS
from tests.conftest import eventually
from tools.cluster.agents import AgentError, Api
from tools.cluster.cluster import Cluster
from tools.cluster.jobs import JobError, is_everywhere
from tools.cluster.place import NAMES as SHARED
from tools.cluster.place import Place
from tools.cluster.secrets import ACCOUNT, PREFIX, role


def test_names_are_those_that_terraform_has() -> None:
    assert tuple(SHARED["services"]) == NAMES


def test_all_is_well_and_said_so(cluster: SharedCluster) -> None:
    done = command(cluster.cluster.place.folder, "status", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert said["good"]
    jobs = {part["name"] for part in said["parts"] if part["kind"] == "job"}
    assert jobs >= {f"votewave-{name}" for name in (*PROGRAMS, "gateway", "migrate", "reports")}
    assert {part["name"] for part in said["parts"] if part["kind"] == "node"} >= {"edge-1", "app-1", "app-2"}


def test_it_runs_already(cluster: SharedCluster) -> None:
    done = command(cluster.cluster.place.folder, "up")
    assert done.returncode == 1
    assert "runs on" in done.stderr
    assert "already" in done.stderr


def test_a_taken_port_is_named(cluster: SharedCluster, tmp_path: Path) -> None:
    done = command(tmp_path / "other", "up", "--port-base", str(cluster.cluster.place.port_base))
    assert done.returncode == 1
    assert str(cluster.cluster.place.port("postgres")) in done.stderr
    assert "postgres" in done.stderr


def test_logs_of_processes_and_jobs_are_shown(cluster: SharedCluster) -> None:
    folder = cluster.cluster.place.folder
    assert "nomad-server-1" in command(folder, "logs").stdout
    assert "leader" in command(folder, "logs", "consul-server-1", "-n", "500").stdout
    assert '"event":"serving"' in command(folder, "logs", "polls", "-n", "2000").stdout
    unknown = command(folder, "logs", "nothing-of-that-name")
    assert unknown.returncode == 1
    assert "There is no process" in unknown.stderr


def test_a_shell_that_read_env_has_nomad_and_consul(cluster: SharedCluster) -> None:
    where = cluster.cluster.place
    script = f"eval $({sys.executable} -m tools.cluster --folder {where.folder} env)"
    script += "; command -v nomad consul; nomad server members; consul members"
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [str(where.programs / "nomad"), str(where.programs / "consul")]
    assert "server-1" in done.stdout


async def test_the_web_client_is_served_by_a_job_without_rights(cluster: SharedCluster) -> None:
    async with httpx.AsyncClient(base_url=cluster.gateway_url) as browser:
        page = await browser.get("/p/7KQ3MX")
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
        policy = page.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", f"connect-src 'self' {cluster.said['aws_url']}"} <= set(
            policy
        )
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        script, *_ = re.findall(r'<script [^>]*src="(/assets/[^"]+)"', page.text)
        for coding in ("br", "gzip", "identity"):
            asset = await browser.get(script, headers={"accept-encoding": coding})
            assert asset.headers.get("content-encoding", "identity") == coding
            assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "votewave" in asset.text
        for path in ("/assets/gone.js", "/no-such-page", "/made-of", "/docs"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    [task] = (await cluster.nomad("/v1/job/votewave-web"))["TaskGroups"][0]["Tasks"]
    assert not [name for name in task["Env"] if name.startswith("AWS_ROLE")]
    assert not task["Identities"]


def test_headers_that_are_too_large_are_refused_by_the_gateway(cluster: SharedCluster) -> None:
    answer = httpx.get(f"{cluster.gateway_url}/v1/polls", headers={"X-Long": "x" * 20_000})
    assert answer.status_code == 431
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_run_that_never_started_is_said_to_have_failed_and_why(cluster: SharedCluster, tmp_path: Path) -> None:
    folder = cluster.cluster.place.folder
    jobspec = tmp_path / "broken.nomad.hcl"
    jobspec.write_text("""
job "broken" {
  type = "batch"
  group "broken" {
    reschedule {
      attempts  = 0
      unlimited = false
    }
    restart {
      attempts = 0
      mode     = "fail"
    }
    task "broken" {
      driver = "raw_exec"
      config {
        command = "/nowhere/nothing"
      }
    }
  }
}
""")
    await cluster.run("job", "run", "-detach", str(jobspec))
    try:
        await eventually(lambda: _has_failed(cluster, "broken"), 60)
        assert "Driver Failure" in command(folder, "logs", "broken").stdout
        status = command(folder, "status")
        assert status.returncode == 1
        assert re.search(r"^BAD broken +failed", status.stdout, re.MULTILINE)
        assert re.search(r"^ok  votewave-migrate +done", status.stdout, re.MULTILINE)
    finally:
        await cluster.run("job", "stop", "-purge", "-detach", "broken")


async def _has_failed(cluster: SharedCluster, job: str) -> bool:
    return any(one["ClientStatus"] == "failed" for one in await cluster.nomad(f"/v1/job/{job}/allocations"))


def test_what_needs_a_running_cluster_says_that_it_is_down(tmp_path: Path) -> None:
    known = {"port_base": 20_000, "servers": 1, "clients": 1, "edges": 2}
    (tmp_path / "cluster.json").write_text(json.dumps(known))
    for arguments in (["env"], ["logs", "polls"], ["rotate", "polls"]):
        done = command(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert "The cluster is down. `./just cluster up` starts it." in done.stderr


def test_a_password_is_rotated_by_command(cluster: SharedCluster) -> None:
    folder = cluster.cluster.place.folder
    before = cluster.cluster.secrets.value("profiles/database")
    done = command(folder, "rotate", "profiles")
    assert done.returncode == 0, done.stderr
    after = cluster.cluster.secrets.value("profiles/database")
    assert after != before
    assert after not in done.stdout + done.stderr
    with cluster.cluster.aws.client("secretsmanager") as manager:
        name = f"{PREFIX}/profiles/database"
        assert manager.get_secret_value(SecretId=name)["SecretString"] == after
        assert manager.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == before
    # As when the migrations have failed: the version that isn't in force yet is put in force, and no other one made.
    cluster.cluster.new_password("profiles")
    waiting = cluster.cluster.secrets.value("profiles/database")
    with cluster.cluster._alone():
        done = command(folder, "rotate", "profiles")
        assert done.returncode == 1
        assert "wait for its end" in done.stderr
    done = command(folder, "rotate", "profiles")
    assert done.returncode == 0, done.stderr
    assert "isn't in force yet" in done.stderr
    assert cluster.cluster.aws.current("profiles/database") == waiting
    asyncio.run(_log_in(cluster, "profiles", waiting))
    unknown = command(folder, "rotate", "nobody")
    assert unknown.returncode == 1
    assert "There is no service nobody" in unknown.stderr


async def _log_in(cluster: SharedCluster, role: str, password: str) -> None:
    await (await cluster.connect(role, password)).close()


def test_a_command_of_nomad_that_takes_too_long_is_said_to(cluster: SharedCluster) -> None:
    with pytest.raises(AgentError, match="no answer within"):
        cluster.cluster.agents.run("status", seconds=0.001)


def test_what_holds_secrets_is_its_owner_s(cluster: SharedCluster) -> None:
    where = cluster.cluster.place
    for path in (where.state, where.values, where.folder / "secrets.json", *where.tokens.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in (where.folder / "agents").rglob("*.json"):
        if path.name in {"consul.json", "nomad.json"} and path.parent.parent == where.folder / "agents":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_everything_listens_on_loopback_alone(cluster: SharedCluster) -> None:
    listening = [
        (process.name(), connection.laddr)
        for process in marked(cluster.cluster.place.folder)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert [one for one in listening if one[1].ip not in {"127.0.0.1", "::1"}] == []


async def test_nobody_comes_in_without_a_token(cluster: SharedCluster) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        assert (await client.get(f"{cluster.said['nomad_url']}/v1/jobs")).status_code == 403
        assert (await client.get(f"{cluster.said['consul_url']}/v1/catalog/services")).json() == {}
        answer = await client.put(f"{cluster.said['consul_url']}/v1/agent/service/register", json={"Name": "polls"})
        assert answer.status_code == 403


async def test_the_token_to_deploy_deploys_and_nothing_else(cluster: SharedCluster) -> None:
    token = (cluster.cluster.place.tokens / "nomad-deploy").read_text()
    async with httpx.AsyncClient(
        base_url=cluster.said["nomad_url"], headers={"x-nomad-token": token}, timeout=10
    ) as client:
        job = (await client.get("/v1/job/votewave-polls")).json()
        planned = await client.post("/v1/job/votewave-polls/plan", json={"Job": job})
        assert planned.status_code == 200, planned.text
        assert (await client.get("/v1/acl/tokens")).status_code == 403
        assert (await client.put("/v1/node/x/drain", json={})).status_code == 403


def keys_as(cluster: SharedCluster, task: str) -> dict[str, str]:
    """Return the keys that a task's token is turned into, as AWS's library does it in the task."""
    with cluster.cluster.aws.client("sts") as sts:
        given = sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role(task)}", RoleSessionName="test", WebIdentityToken="x" * 20
        )["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


@pytest.mark.parametrize("task", NAMES)
def test_a_service_reads_its_own_secrets_and_no_other_s(cluster: SharedCluster, task: str) -> None:
    readable, refused = [], []
    with cluster.cluster.aws.client("secretsmanager", keys_as(cluster, task)) as manager:
        for name in cluster.cluster.secrets.all():
            try:
                manager.get_secret_value(SecretId=f"{PREFIX}/{name}")
            except ClientError as exc:
                refused.append(str(exc))
            else:
                readable.append(name)
        with pytest.raises(ClientError, match="AccessDenied"):
            manager.put_secret_value(SecretId=f"{PREFIX}/{task}/database", SecretString="mine")
    own = {name for name in cluster.cluster.secrets.all() if name.startswith(f"{task}/")}
    assert own
    assert set(readable) == own | {"internal/key", "redis/auth"}
    assert all("AccessDenied" in why for why in refused)


async def test_a_task_s_consul_token_finds_others_and_changes_nothing(cluster: SharedCluster) -> None:
    """What Nomad gave to a running task for its identity."""
    [polls] = await cluster.allocations("votewave-polls")
    agents = cluster.cluster.place.folder / "agents"
    token = (agents / polls["NodeName"] / f"nomad/alloc/{polls['ID']}/service/secrets/consul_token").read_text()
    headers = {"x-consul-token": token.strip()}
    async with httpx.AsyncClient(base_url=cluster.said["consul_url"], headers=headers, timeout=10) as client:
        assert (await client.get("/v1/health/service/auth")).json()
        assert (await client.put("/v1/kv/votewave/gateway/keys", content="{}")).status_code == 403
        assert (await client.put("/v1/agent/service/register", json={"Name": "auth"})).status_code == 403


@pytest.fixture
def own() -> Iterator[Path]:
    """A folder for a cluster of a test's own, which is gone afterwards."""
    with place() as where:
        Path(where.folder).mkdir(parents=True, exist_ok=True)
        (where.folder / "base").write_text(str(where.port_base))
        yield where.folder
        Cluster(where).reset()


def test_what_interrupts_it_twice_leaves_nothing_behind(own: Path) -> None:
    base = (own / "base").read_text()
    arguments = ["--folder", str(own), "up", "--no-gateway", "--port-base", base, "--version", "0" * 40]
    up = subprocess.Popen([sys.executable, "-m", "tools.cluster", *arguments], cwd=ROOT, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(marked(own)) < 3:
        assert time.monotonic() < deadline
        assert up.poll() is None
        time.sleep(0.02)
    assert up.stderr is not None
    up.stderr.close()  # as when the terminal goes: to tell fails from here on
    for sign in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        up.send_signal(sign)
        time.sleep(0.3)
    assert up.wait(90) != 0
    assert [" ".join(one.cmdline()) for one in marked(own)] == []
    assert Cluster.at(own).place.taken() == {}


def test_whoever_listened_may_have_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise BrokenPipeError

    cluster = Cluster(Place(tmp_path, _free_base()), gone)

    def fail(*_: Any, **__: Any) -> None:
        cluster.processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"])
        cluster.tell("this far")
        raise JobError("no further")

    monkeypatch.setattr(cluster, "_up", fail)
    with pytest.raises(JobError):
        cluster.up()
    assert marked(tmp_path) == []


def test_whoever_stops_it_for_another_tries_until_it_is_done(tmp_path: Path) -> None:
    cluster = Cluster(Place(tmp_path, _free_base()))
    cluster.place.make()
    cluster.secrets.make()
    cluster._describe("")
    cluster.processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"])
    nobody = subprocess.Popen([sys.executable, "-c", ""])
    nobody.wait()
    watch = [sys.executable, "-m", "tools.cluster", "--folder", str(tmp_path), "watch", str(nobody.pid)]
    with cluster._alone():  # another command is under way
        watching = subprocess.Popen(watch, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert watching.stderr is not None
        assert "under way" in watching.stderr.readline()
        assert marked(tmp_path)
    assert watching.wait(60) == 0
    watching.stderr.close()
    assert marked(tmp_path) == []
    cluster.processes.forget()  # ours to collect


def test_ports_are_taken_by_what_sends_packets_and_where_tasks_will_listen() -> None:
    where = Place(Path("/nowhere"), _free_base())
    edge = where.agent("edge-1")
    with socket.socket(type=socket.SOCK_DGRAM) as name_server, socket.socket() as stranger:
        name_server.bind(("127.0.0.1", where.port("consul_dns", edge)))
        stranger.bind(("127.0.0.1", where.task_ports(edge)[1]))
        stranger.listen()
        assert where.taken() == {
            where.port("consul_dns", edge): "consul_dns of edge-1",
            where.task_ports(edge)[1]: "tasks of edge-1",
        }


def _free_base() -> int:
    return next(base for base in range(20_000, 31_000, 1_000) if not Place(Path("/nowhere"), base).taken())


class Says(Api):
    """What Nomad says of a system job, on machines of which one is of another class and one is drained."""

    def __init__(self, *allocations: tuple[str, int, bool]) -> None:
        super().__init__("http://127.0.0.1:9", "", "")
        self._allocations = allocations

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what is told of there."""
        machine = {"Status": "ready", "SchedulingEligibility": "eligible", "NodeClass": "edge"}
        if path == "/v1/nodes":
            drained = {"ID": "c", "SchedulingEligibility": "ineligible"}
            return [machine | more for more in ({"ID": "a"}, {"ID": "b"}, drained, {"ID": "d", "NodeClass": "app"})]
        if path.endswith("/allocations"):
            runs = {"DesiredStatus": "run", "ClientStatus": "running"}
            return [
                {
                    **runs,
                    "NodeID": node,
                    "JobVersion": version,
                    "DeploymentStatus": {"Healthy": healthy},
                }
                for node, version, healthy in self._allocations
            ]
        constraint = {"LTarget": "${node.class}", "RTarget": "edge", "Operand": "="}
        return {"Type": "system", "Version": 7, "Constraints": None, "TaskGroups": [{"Constraints": [constraint]}]}


@pytest.mark.parametrize(
    ("allocations", "everywhere"),
    [
        ([("a", 7, True), ("b", 7, True)], True),
        ([("a", 7, True), ("b", 7, True), ("c", 6, True)], True),
        ([("a", 7, True), ("b", 6, True)], False),
        ([("a", 6, True), ("b", 6, True)], False),
        ([("a", 7, True), ("b", 7, False)], False),
        ([("a", 7, True), ("a", 7, True)], False),
        ([], False),
    ],
)
def test_a_system_job_is_everywhere_when_its_present_version_is_healthy_on_each_machine(
    allocations: list[tuple[str, int, bool]], everywhere: bool
) -> None:
    assert is_everywhere(Says(*allocations), "votewave-gateway") is everywhere
