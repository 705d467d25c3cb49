"""The first boot: a Secrets Manager (moto), three real servers of Consul and Nomad, GitHub's part played here."""

import importlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.server import ThreadedMotoServer
from packer_cloud import Cloud, Docker
from packer_servers import (
    ADDRESSES,
    CLIENT,
    ENVIRONMENT,
    NAMES,
    PACKER,
    ROOT,
    Account,
    Authority,
    Machine,
    eventually,
    make_secrets,
    program,
)

pytestmark = [
    pytest.mark.needs("consul", "nomad"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


SESSION_MANAGER = """#!{python}
import json, socket, sys, threading
assert sys.argv[1:4] == ["ssm", "start-session", "--target"] and sys.argv[4] == "{instance}"
assert sys.argv[6] == "AWS-StartPortForwardingSession"
told = json.loads(sys.argv[8])
there = ("{address}", int(told["portNumber"][0]))
here = socket.create_server(("127.0.0.1", int(told["localPortNumber"][0])))

def copy(one, other):
    while data := one.recv(65536):
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)

while True:
    one, _ = here.accept()
    other = socket.create_connection(there)
    for pair in ((one, other), (other, one)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
"""


class GitHub:
    """Gives jobs their identities, and says by which keys they are signed."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = owner.keys() if self.path.endswith("/jwks") else owner.discovery()
                status = 200
                if self.path.startswith("/identity"):
                    status = 200 if self.headers["Authorization"] == "Bearer for this job" else 401
                    assert self.path.endswith(f"&audience=votewave-{ENVIRONMENT}")
                    document = {"value": owner.identity()}
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def keys(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": "1", "use": "sig", "alg": "RS256"}]}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }

    def identity(self, **changed: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": f"votewave-{ENVIRONMENT}",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "sub": "repo:votewave@7001/votewave@7002:environment:staging",
            "repository": "votewave/votewave",
            "repository_owner_id": "7001",
            "repository_id": "7002",
            "environment": ENVIRONMENT,
            "run_id": "17",
            **changed,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "1"})


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Account(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(scope="module")
def secrets(account: Account) -> dict[str, str]:
    made = make_secrets(Authority())
    account.put(made)
    return made


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    place = GitHub()
    yield place
    place.close()


@pytest.fixture(scope="module")
def servers(
    account: Account, secrets: dict[str, str], github: GitHub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Machine]]:
    """Three servers, configured, started, and all of them setting up access control at once."""
    folder = tmp_path_factory.mktemp("servers")
    machines = [Machine(folder / address, "server", address, account, github.url) for address in ADDRESSES]
    try:
        for machine in machines:
            machine.tell()
            status, said = machine.run("configure")
            assert status == 0, said
            assert_free_of(secrets, said)
            machine.start()
        steps = [machine.first_boot("cluster") for machine in machines]
        arguments = "".join(told_to_the_system(step.pid) for step in steps)
        outcomes = [(*step.communicate(timeout=150), step.returncode) for step in steps]
        assert [status for *_, status in outcomes] == [0, 0, 0], (outcomes, machines[0].output()[-3000:])
        assert_free_of(secrets, arguments + "".join(said for said, *_ in outcomes))
        yield machines
    finally:
        for machine in machines:
            machine.stop()


def told_to_the_system(pid: int) -> str:
    """Return what everybody on the machine may read of a process, or its own account of its environment."""
    return "".join(Path(f"/proc/{pid}/{name}").read_text() for name in ("cmdline", "environ"))


def assert_free_of(secrets: dict[str, str], text: str) -> None:
    assert text
    for name, value in secrets.items():
        if name == "cluster/tls-ca":
            continue
        inner = json.loads(value)["private_key"].splitlines()[1] if value.startswith("{") else value
        assert inner not in text, f"{name} is told"


# ---- configure: files


def test_files_are_private_and_secrets_are_only_where_they_must_be(
    account: Account, secrets: dict[str, str], tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "edge", "edge", "127.83.0.9", account)
    machine.tell()

    status, said = machine.run("configure")

    assert status == 0, said
    holders = {
        "etc/votewave/tls/agent-key.pem",
        "etc/votewave/tls/gateway.pem",
        "etc/consul.d/secrets.json",
        "etc/nomad.d/secrets.json",
    }
    for path in (it for it in machine.folder.rglob("*") if it.is_file() and it.name != "votewave-first-boot.lock"):
        name = str(path.relative_to(machine.folder))
        if name in holders:
            assert stat.S_IMODE(path.stat().st_mode) == 0o640, name
        else:
            assert_free_of(secrets, path.read_text())
    assert_free_of(secrets, said)
    boot = json.loads((machine.folder / "etc/nomad.d/boot.json").read_text())
    assert boot["client"]["node_class"] == "edge"
    assert boot["datacenter"] == ENVIRONMENT
    # A client knows neither the servers' secrets nor who may manage the cluster.
    all_files = "".join((machine.folder / name).read_text() for name in holders)
    for name in ("cluster/acl-consul", "cluster/acl-nomad", "cluster/gossip-nomad"):
        assert secrets[name] not in all_files, name


def test_again_nothing_changes_and_a_rotated_secret_does(
    account: Account, secrets: dict[str, str], tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "app", "app", "127.83.0.9", account)
    machine.tell(servers="3")  # from Terraform a number may come as text
    assert machine.run("configure")[0] == 0

    assert "nothing has changed" in machine.run("configure")[1]

    try:
        account.put({"cluster/gossip-consul": b64encode(os.urandom(32)).decode()})
        status, said = machine.run("configure")
        assert status == 0
        assert "etc/consul.d/secrets.json" in said
        assert "tls" not in said
    finally:
        account.put(secrets)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"role": "queen"}, "role is one of server, edge, app, not 'queen'"),
        ({"servers": 2}, "1, 3 or 5 servers can agree, not 2"),
        ({"servers": "many"}, "servers is a number, not 'many'"),
        ({"environment": "staging; rm -rf /"}, "environment is a plain name"),
        ({"github_repository": "votewave/votewave"}, "github_repository is OWNER@ID/NAME@ID, not 'votewave/votewave'"),
        ({"secret_prefix": "votewave/elsewhere"}, "The secret votewave/elsewhere/cluster/tls-server can't be read"),
    ],
)
def test_wrong_values_are_named(
    account: Account, secrets: dict[str, str], tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    machine = Machine(tmp_path / "wrong", "server", "127.83.0.9", account)
    machine.tell(**changed)

    status, said = machine.run("configure")

    assert status == 1
    assert sentence in said
    assert "Traceback" not in said
    assert not (machine.folder / "etc/consul.d/secrets.json").exists()


def test_values_that_never_come_end_the_waiting(account: Account, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "early", "server", "127.83.0.9", account)

    status, said = machine.run("configure", "--wait", "1")

    assert status == 1
    assert "cloud-init writes it" in said


def test_a_machine_that_is_faster_than_its_secrets_waits_for_them(
    account: Account, secrets: dict[str, str], tmp_path: Path
) -> None:
    """The first set-up: machines start before the certificates are there. Whoever waits for them must not fail."""
    machine = Machine(tmp_path / "waiting", "server", "127.83.0.9", account)
    machine.tell()
    account.drop("cluster/tls-ca")
    try:
        process = machine.first_boot("configure", "--retry", "0.5")
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(2)]
        assert process.poll() is None, told
    finally:
        account.put(secrets)
    said, _ = process.communicate(timeout=60)

    for line in told:
        assert "cluster/tls-ca can't be read: ResourceNotFoundException. Trying again in 0.5 s." in line
    assert process.returncode == 0, said
    assert (machine.folder / "etc/votewave/tls/ca.pem").read_text().strip() == secrets["cluster/tls-ca"].strip()
    # On machines: without end, and not once failed, for what requires it would fail with it and stay so.
    unit = (PACKER / "files/common/etc/systemd/system/votewave-first-boot.service").read_text()
    assert re.search(r"^ExecStart=\S+ configure --retry \d+$", unit, re.MULTILINE)
    for line in ("TimeoutStartSec=infinity", "Restart=on-failure", "RestartMode=direct"):
        assert line in unit.splitlines(), line


def test_a_broken_pair_is_named_and_not_shown(account: Account, secrets: dict[str, str], tmp_path: Path) -> None:
    machine = Machine(tmp_path / "broken", "server", "127.83.0.9", account)
    machine.tell()
    try:
        account.put({"cluster/tls-server": '{"certificate": "confidential'})
        status, said = machine.run("configure")
    finally:
        account.put(secrets)

    assert status == 1
    assert "cluster/tls-server is to be" in said
    assert "confidential" not in said


# ---- cluster: access control


def test_three_servers_agree_and_each_thing_is_there_once(servers: list[Machine], secrets: dict[str, str]) -> None:
    token = secrets["cluster/acl-consul"]
    server = servers[0]

    peers = server.consul("/v1/status/peers", token)
    policies = [it["Name"] for it in server.consul("/v1/acl/policies", token)]
    roles = [it["Name"] for it in server.consul("/v1/acl/roles", token)]
    bound = server.consul("/v1/acl/binding-rules", token)
    rules = {it["BindName"]: it["Selector"] for it in bound}
    tokens = [it["Description"] for it in server.consul("/v1/acl/tokens", token)]

    assert len(peers) == 3
    assert len(server.nomad("/v1/status/peers")) == 3
    for wanted in ("votewave-agent", "votewave-nomad", "nomad-tasks", "gateway-keys"):
        assert policies.count(wanted) == 1, policies
    assert sorted(roles) == ["gateway-keys", "nomad-tasks-default"]
    assert sorted(rules) == ["${value.nomad_service}", "gateway-keys", "nomad-tasks-${value.nomad_namespace}"]
    assert len(bound) == len(rules)
    assert 'value.nomad_namespace == "default"' in rules["gateway-keys"], "Auth is the job of that name there alone"
    assert tokens.count("votewave-agent") == 1
    assert tokens.count("votewave-nomad") == 1
    assert len(server.nomad("/v1/acl/binding-rules", secrets["cluster/acl-nomad"])) == 1


def test_servers_that_say_who_may_deploy_at_the_same_moment_leave_one_rule(
    servers: list[Machine], secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets["cluster/acl-nomad"]
    [known] = servers[0].nomad("/v1/acl/binding-rules", token)
    rule = servers[0].nomad(f"/v1/acl/binding-rule/{known['ID']}", token)
    made = {name: rule[name] for name in ("Description", "AuthMethod", "Selector", "BindType", "BindName")}
    servers[0].nomad(f"/v1/acl/binding-rule/{rule['ID']}", token, method="DELETE")
    monkeypatch.syspath_prepend(str(PACKER))
    deployers = importlib.import_module("first_boot.deployers")

    class Overtaken:
        """A server whose question is answered before another server has made the rule, and its order taken after."""

        asked = False

        def ask(self, method: str, path: str, body: Any = None) -> Any:
            answer = servers[0].nomad(path, token, body, method)
            if method == "GET" and not self.asked:
                self.asked = True
                servers[1].nomad("/v1/acl/binding-rule", token, made)
            return answer

    deployers._ensure_rule(Overtaken(), made)

    assert len(servers[2].nomad("/v1/acl/binding-rules", token)) == 1


def test_set_up_again_it_stays_as_it_is(servers: list[Machine], secrets: dict[str, str]) -> None:
    token = secrets["cluster/acl-consul"]

    def state() -> Any:
        paths = ("policies", "roles", "binding-rules", "tokens", "auth-methods")
        return [servers[0].consul(f"/v1/acl/{path}", token) for path in paths]

    # On machines all name 127.0.0.1; here each server has an address of its own, and the last one's stands.
    assert servers[1].run("cluster")[0] == 0
    before = state()
    status, said = servers[1].run("cluster")

    assert status == 0, said
    assert state() == before


def test_what_somebody_changed_is_mended(servers: list[Machine], secrets: dict[str, str]) -> None:
    token = secrets["cluster/acl-consul"]
    policy = servers[0].consul("/v1/acl/policy/name/nomad-tasks", token)
    servers[0].consul(f"/v1/acl/policy/{policy['ID']}", token, {**policy, "Rules": 'acl = "write"'})

    assert servers[2].run("cluster")[0] == 0

    assert "acl" not in servers[0].consul("/v1/acl/policy/name/nomad-tasks", token)["Rules"]


def test_nobody_does_anything_without_a_token(servers: list[Machine], secrets: dict[str, str]) -> None:
    server = servers[0]

    assert server.consul("/v1/catalog/services") in ({}, 403)
    assert server.consul("/v1/acl/tokens") == 403
    assert server.nomad("/v1/jobs") == 403
    # The agents' token registers a node, and manages nothing.
    agent = secrets["cluster/acl-consul-agent"]
    assert server.consul("/v1/acl/tokens", agent) == 403
    assert server.consul("/v1/acl/token/self", agent)["Policies"][0]["Name"] == "votewave-agent"
    assert server.nomad("/v1/acl/token/self", secrets["cluster/acl-nomad"])["Type"] == "management"
    assert ENVIRONMENT in server.consul("/v1/catalog/datacenters")
    assert {it["Node"] for it in server.consul("/v1/catalog/nodes", agent)} == set(ADDRESSES)


def test_nomad_registers_its_servers_in_consul(servers: list[Machine], secrets: dict[str, str]) -> None:
    def registered() -> bool:
        found = servers[0].consul("/v1/catalog/service/nomad", secrets["cluster/acl-consul"])
        return len({it["ServiceAddress"] for it in found}) == 3

    eventually(registered, 60)


def test_consul_reads_nomads_keys_and_believes_nobody_else(servers: list[Machine]) -> None:
    assert servers[0].nomad("/.well-known/jwks.json")["keys"]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"aud": "consul.io", "exp": int(time.time()) + 60, "nomad_service": "polls", "nomad_namespace": "default"}
    forged = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})

    said = servers[0].consul(
        "/v1/acl/login", body={"AuthMethod": "nomad-workloads", "BearerToken": forged}, method="POST"
    )

    # It got as far as the keys, over TLS that it can check; the signature is another's.
    assert "failed to verify id token signature" in said.said


def submitted(server: Machine, token: str, volume: str) -> bool:
    """Return whether Nomad takes a job with a machine's volume."""
    task = {"Name": "one", "Driver": "docker", "Config": {"image": "one"}}
    volumes = {"one": {"Name": "one", "Type": "host", "Source": volume, "ReadOnly": True}}
    group = {"Name": "one", "Tasks": [task], "Volumes": volumes}
    body = {"Job": {"ID": "one", "Name": "one", "Type": "batch", "Datacenters": ["*"], "TaskGroups": [group]}}
    said = server.nomad("/v1/jobs", token, body)
    if isinstance(said, int):
        assert said == 403, said
        return False
    server.nomad("/v1/job/one?purge=true", token, method="DELETE")
    return True


def test_a_deployment_job_logs_in_and_no_other_does(servers: list[Machine], github: GitHub) -> None:
    def login(**changed: str) -> Any:
        body = {"AuthMethodName": "github", "LoginToken": github.identity(**changed)}
        return servers[0].nomad("/v1/acl/login", body=body, method="POST")

    token = login()

    assert (
        [it["Name"] for it in token["Policies"]] == ["deploy"] if isinstance(token["Policies"][0], dict) else ["deploy"]
    )
    assert token["ExpirationTime"]
    assert servers[0].nomad("/v1/jobs", token["SecretID"]) == []
    assert servers[0].nomad("/v1/acl/tokens", token["SecretID"]) == 403
    # What services and the gateway mount of a machine, and nothing else.
    assert submitted(servers[0], token["SecretID"], "database-ca") is True
    assert submitted(servers[0], token["SecretID"], "gateway-certificate") is True
    assert submitted(servers[0], token["SecretID"], "elsewhere") is False
    for changed in (
        {"environment": "production"},
        # Whoever has taken the name of a repository or an owner that has gone.
        {"repository_id": "7003"},
        {"repository_owner_id": "7003"},
        {"aud": "votewave-production"},
        {"iss": "https://elsewhere.example"},
    ):
        assert isinstance(login(**changed), int), changed


def test_the_autoscaler_may_scale_before_anybody_deploys_it(servers: list[Machine], secrets: dict[str, str]) -> None:
    """Whoever deploys its job may write no policy."""
    policy = servers[0].nomad("/v1/acl/policy/autoscaler", secrets["cluster/acl-nomad"])

    assert policy["JobACL"]["JobID"] == NAMES["jobs"]["autoscaler"]
    written = (Path(__file__).resolve().parents[2] / "nomad/autoscaler/policy.hcl").read_text()
    assert policy["Rules"].strip() in written


def test_a_workflow_reaches_nomad_by_its_identity_alone(
    servers: list[Machine], github: GitHub, account: Account, tmp_path: Path
) -> None:
    """`./just pipeline nomad`: the port is a stand-in for Session Manager's, Nomad and its TLS are real."""
    ec2, ssm = account.client("ec2"), account.client("ssm")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    tags = {NAMES["join_tag"]["key"]: NAMES["join_tag"]["value"].format(environment=ENVIRONMENT)}
    tags[NAMES["tags"]["role"]] = "server"
    ec2.create_tags(Resources=[made], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    name = NAMES["parameters"]["nomad_values"].format(environment=ENVIRONMENT)
    ssm.put_parameter(Name=name, Value='{"known": 1}', Type="String", Overwrite=True)
    aws = tmp_path / "bin/aws"
    aws.parent.mkdir()
    aws.write_text(SESSION_MANAGER.format(python=sys.executable, instance=made, address=servers[0].address))
    aws.chmod(0o755)
    environment = {
        **account.environment,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "PATH": f"{aws.parent}:{os.environ['PATH']}",
        "NOMAD_CA": (servers[0].folder / "etc/votewave/tls/ca.pem").read_text(),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/identity?api-version=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "for this job",
        "GITHUB_ACTIONS": "true",
        "PYTHONPATH": str(ROOT),
    }
    nomad = program("nomad")
    shell = f"cat $0; {nomad} job status; {nomad} acl token self | grep -c deploy; {nomad} operator raft list-peers"
    command = [sys.executable, "-m", "tools.pipeline", "nomad", "--env", ENVIRONMENT, "--"]

    said = subprocess.run(
        [*command, "sh", "-c", shell, "@values"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )

    assert '{"known": 1}' in said.stdout, said.stderr
    assert "No running jobs" in said.stdout
    # GitHub's runner is told to hide the token before anything could show it.
    assert said.stdout.startswith("::add-mask::")
    assert "Permission denied" in said.stderr, "a deployment doesn't operate the cluster"
    assert said.returncode == 1, "the command's own status"

    refused = subprocess.run(
        [*command, "true"],
        env={**environment, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another's"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert refused.returncode == 1
    assert "refused the identity (401)" in refused.stderr


def test_another_bootstrap_token_is_told_apart(
    servers: list[Machine], account: Account, secrets: dict[str, str]
) -> None:
    try:
        account.put({"cluster/acl-nomad": "00000000-0000-4000-8000-000000000000"})
        status, said = servers[0].run("cluster")
    finally:
        account.put(secrets)

    assert status == 1
    assert "set up with another token" in said


def test_gossip_keys_rotate_while_it_runs(servers: list[Machine], account: Account, secrets: dict[str, str]) -> None:
    new = {name: b64encode(os.urandom(32)).decode() for name in ("cluster/gossip-consul", "cluster/gossip-nomad")}
    account.put(new)
    try:
        status, said = servers[0].run("gossip")

        assert status == 0, said
        assert_free_of({**secrets, **new}, said)
        rings = servers[1].consul("/v1/operator/keyring", secrets["cluster/acl-consul"])
        assert {key for ring in rings for key in ring["Keys"]} == {new["cluster/gossip-consul"]}
        ring = servers[1].nomad("/v1/agent/keyring/list", secrets["cluster/acl-nomad"])
        assert set(ring["Keys"]) == {new["cluster/gossip-nomad"]}
        assert len(servers[0].consul("/v1/status/peers", secrets["cluster/acl-consul"])) == 3
    finally:
        account.put(secrets)
        assert servers[0].run("gossip")[0] == 0


@pytest.mark.parametrize("broken", [False, True])
def test_a_machine_that_is_taken_away_leaves_first(account: Account, tmp_path: Path, *, broken: bool) -> None:
    cloud = Cloud()
    machine = Machine(tmp_path / "going", "app", "127.83.0.9", account)
    machine.tell()
    systemctl = tmp_path / "bin/systemctl"
    systemctl.parent.mkdir()
    fails = '[ "$*" != "stop consul.service" ] || { echo no >&2; exit 1; }' if broken else ""
    systemctl.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/done\n{fails}\n')
    systemctl.chmod(0o755)
    machine.more = {"PATH": f"{systemctl.parent}:{os.environ['PATH']}", "AWS_ENDPOINT_URL": cloud.url}
    try:
        process = machine.first_boot("drain", "--metadata", cloud.url)
        time.sleep(2)
        assert process.poll() is None, "it waits"
        assert cloud.asked == []
        cloud.state = "Terminated"
        said, _ = process.communicate(timeout=60)
    finally:
        cloud.close()

    assert process.returncode == (1 if broken else 0), said
    order = (tmp_path / "done").read_text().splitlines()
    assert [line for line in order if line != "daemon-reload"] == ["stop nomad.service", "stop consul.service"]
    for unit in ("nomad", "consul"):
        drop_in = (machine.folder / f"run/systemd/system/{unit}.service.d/leave.conf").read_text()
        assert "KillSignal=SIGTERM" in drop_in
        assert "Restart=no" in drop_in
    # Even if a part didn't stop: a machine that never goes is paid for.
    last = cloud.asked[-1]
    assert last["Action"] == ["CompleteLifecycleAction"]
    assert last["LifecycleActionResult"] == ["CONTINUE"]
    assert last["LifecycleHookName"] == [NAMES["drain_hook"]]
    assert last["AutoScalingGroupName"] == ["votewave-staging-app"]


def test_nomad_takes_the_images_settings_of_docker_and_sends_what_tasks_write_to_their_group(
    servers: list[Machine], account: Account, secrets: dict[str, str], tmp_path: Path
) -> None:
    """A client of the class app, with the files that are on machines; Docker itself needn't be there."""
    machine = Machine(tmp_path / "app", "app", CLIENT, account)
    machine.tell()
    assert machine.run("configure")[0] == 0
    bundle = tmp_path / "rds-ca.pem"  # a machine's image has it elsewhere
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    volumes = {"database-ca": {"path": str(bundle), "read_only": True}}
    machine.start({"client": {"enabled": True, "host_volume": volumes}})
    try:
        eventually(lambda: machine.nomad("/v1/agent/self", secrets["cluster/acl-nomad"])["stats"]["client"], 60)
        [plugin] = machine.nomad("/v1/agent/self", secrets["cluster/acl-nomad"])["config"]["Plugins"]
        nodes = eventually(lambda: servers[0].nomad("/v1/nodes", secrets["cluster/acl-nomad"]), 60)
        machine.signal(signal.SIGTERM)  # it leaves: the servers of the other tests know three machines
    finally:
        machine.stop()

    assert [it["NodeClass"] for it in nodes] == ["app"], machine.output()[-2000:]
    assert plugin["Name"] == "docker"
    [settings] = plugin["Config"]["logging"]
    assert settings["type"] == "awslogs"
    [options] = settings["config"]
    assert options["awslogs-group"] == NAMES["log_groups"]["task"].format(environment=ENVIRONMENT)
    assert options["awslogs-region"] == "eu-central-1"
    # A task doesn't wait for CloudWatch, nor stop because of it.
    assert options["mode"] == "non-blocking"


def arriving(machine: Machine, cloud: Cloud, *more: str) -> "subprocess.Popen[str]":
    """Start what tells the group that a machine has come up."""
    machine.more = {"AWS_ENDPOINT_URL_AUTO_SCALING": cloud.url}
    return machine.first_boot("ready", "--metadata", cloud.url, *more)


def until_told(process: "subprocess.Popen[str]", wanted: str) -> None:
    """Read what a step says until it says this."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if wanted in line:
            return
    raise AssertionError(said)


def test_a_server_counts_when_it_has_a_vote(servers: list[Machine], secrets: dict[str, str]) -> None:
    cloud = Cloud()
    cloud.stands = "Pending:Wait"
    try:
        said, _ = (process := arriving(servers[0], cloud)).communicate(timeout=90)
    finally:
        cloud.close()

    assert process.returncode == 0, said
    assert cloud.told() == [f"{NAMES['launch_hook']}: CONTINUE"]
    assert_free_of(secrets, said)


def test_a_server_without_a_cluster_is_given_up_and_why_outlives_it(
    account: Account, secrets: dict[str, str], tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "alone", "server", CLIENT, account)
    machine.tell()
    assert machine.run("configure")[0] == 0
    cloud = Cloud()
    cloud.stands = "Pending:Wait"
    try:
        process = arriving(machine, cloud, "--within", "3")
        said, _ = process.communicate(timeout=90)
    finally:
        cloud.close()

    assert process.returncode == 0, said
    assert cloud.told() == [f"{NAMES['launch_hook']}: ABANDON"]
    kept = (machine.folder / "var/log/votewave/ready.log").read_text()
    assert re.search(r"i-0123456789abcdef0: this machine is given up after 3 s: Consul: .*refused", kept), kept
    settings = "opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.d/file_votewave.json"
    assert '"/var/log/votewave/ready.log"' in (machine.folder / settings).read_text(), "it is sent before the end"


@pytest.mark.parametrize("stands", ["InService", "Terminating:Wait", "Pending:Proceed"])
def test_a_machine_that_starts_again_or_was_answered_for_says_nothing(
    account: Account, tmp_path: Path, stands: str
) -> None:
    machine = Machine(tmp_path / "again", "app", CLIENT, account)
    machine.tell()
    cloud = Cloud()
    cloud.stands = stands
    try:
        process = arriving(machine, cloud)
        said, _ = process.communicate(timeout=60)
    finally:
        cloud.close()

    assert process.returncode == 0, said
    assert cloud.told() == []
    assert "nobody waits for it" in said


def test_a_client_counts_when_docker_is_well_and_nomad_would_place_tasks_on_it(
    servers: list[Machine], account: Account, secrets: dict[str, str], tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "app", "app", CLIENT, account)
    machine.tell()
    assert machine.run("configure")[0] == 0
    place = machine.folder / "run/docker.sock"
    boot = machine.folder / "etc/nomad.d/boot.json"
    values = json.loads(boot.read_text())
    values["plugin"]["docker"]["config"]["endpoint"] = f"unix://{place}"
    boot.write_text(json.dumps(values))
    bundle = tmp_path / "rds-ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    (machine.folder / "var/lib").mkdir(parents=True)
    (machine.folder / "var/lib/nomad").symlink_to(machine.folder / "nomad")
    management = secrets["cluster/acl-nomad"]
    cloud, docker = Cloud(), None
    cloud.stands = "Pending"  # AWS takes no answer yet
    try:
        process = arriving(machine, cloud, "--within", "150")
        until_told(process, "waiting for Docker: ")
        docker = Docker(place)
        docker.well = False
        until_told(process, "waiting for Docker: it answers 'not yet'")
        machine.start({"client": {"enabled": True, "host_volume": {"database-ca": {"path": str(bundle)}}}})
        node = eventually((machine.folder / "nomad/client/client-id").read_text, 60)
        # An operator may keep tasks away from it: then it isn't ready either.
        body = {"NodeID": node, "Eligibility": "ineligible"}
        path = f"/v1/node/{node}/eligibility"
        eventually(lambda: not isinstance(servers[0].nomad(path, management, body), int), 60)
        docker.well = True
        until_told(process, "the node is ready and ineligible")
        servers[0].nomad(path, management, {"NodeID": node, "Eligibility": "eligible"})
        # Well now, it looks whether the group has begun to wait.
        eventually(lambda: len([it for it in cloud.asked if "Describe" in it["Action"][0]]) >= 3, 120)
        assert process.poll() is None
        assert cloud.told() == []
        cloud.stands = "Pending:Wait"
        said, _ = process.communicate(timeout=60)
        secret = (machine.folder / "nomad/client/secret-id").read_text()
        machine.signal(signal.SIGTERM)  # it leaves: the servers of the other tests know three machines
    finally:
        if docker is not None:
            docker.close()
        cloud.close()
        machine.stop()

    assert process.returncode == 0, said
    assert cloud.told() == [f"{NAMES['launch_hook']}: CONTINUE"]
    kept = (machine.folder / "var/log/votewave/ready.log").read_text()
    assert_free_of({**secrets, "secret-id": secret}, said + kept)


def test_whoever_judges_a_machine_waits_for_nothing_on_it() -> None:
    """What never starts is to be told; a unit after it would never start either."""
    unit = (PACKER / "files/common/etc/systemd/system/votewave-ready.service").read_text()
    for name in ("votewave-first-boot", "consul", "nomad", "docker"):
        assert f"{name}.service" not in unit


def test_values_are_those_that_terraform_gives() -> None:
    """What names.json says of boot.json is what the program reads."""
    program = (Path(__file__).resolve().parents[2] / "packer/first_boot/values.py").read_text()
    for name in NAMES["boot_values"]:
        assert f"    {name}: " in program, name


def test_a_server_that_goes_for_good_leaves_and_one_that_restarts_does_not(
    servers: list[Machine], secrets: dict[str, str]
) -> None:
    """The last of the module: one server less."""
    token = secrets["cluster/acl-consul"]
    going = servers[2]

    def peers() -> tuple[int, int]:
        return len(servers[0].consul("/v1/status/peers", token)), len(servers[0].nomad("/v1/status/peers"))

    going.signal(signal.SIGINT)
    time.sleep(3)
    assert peers() == (3, 3)
    going.start()
    eventually(lambda: going.nomad("/v1/status/leader"), 60)
    eventually(lambda: going.consul("/v1/status/leader"), 60)

    going.signal(signal.SIGTERM)

    eventually(lambda: peers() == (2, 2), 60)
