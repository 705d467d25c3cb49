"""Consul's and Nomad's agents: their configuration, start, and access control.

They keep nothing from one `up` to the next: access rights and jobs come from files, so an `up` after a crash starts
like any other. Each Nomad client has a Consul agent of its own, as each machine has in AWS: two clients that shared one
would deregister each other's services.
"""

import contextlib
import json
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from tools.cluster.place import ENVIRONMENT, LOOPBACK, NAMES, ROOT, Agent, Place, write_private
from tools.cluster.processes import Processes
from tools.cluster.secrets import LocalSecrets

_WAIT_SECONDS = 60.0
_AUDIENCE = "consul.io"
_TLS = ssl.create_default_context()  # made once, for that takes longer than a question
_KEYS = "/.well-known/jwks.json"
_AUTH_METHOD = "nomad-workloads"
_BIND = "127.0.0.1"

# The agents' rights. `nomad setup consul` creates those of tasks: register their service, and discover others.
_AGENT_RULES = """
agent_prefix "" { policy = "read" }
node_prefix "" { policy = "write" }
service_prefix "" { policy = "read" }
"""
_NOMAD_RULES = """
agent_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
service_prefix "" { policy = "write" }
"""
# Enough to deploy, scale, inspect and read logs; not enough to change ACLs or to read a task's files. But whoever may
# submit a job decides what runs (docs/cluster.md, "Who may do what").
_DEPLOY_RULES = """
namespace "default" {
  policy = "read"
  capabilities = [
    "submit-job", "dispatch-job", "scale-job", "read-job", "list-jobs", "parse-job", "read-logs",
    "read-job-scaling", "list-scaling-policies", "read-scaling-policy"
  ]
}
node { policy = "read" }
agent { policy = "read" }
host_volume "database-ca" { policy = "read" }
host_volume "gateway-certificate" { policy = "read" }
"""


def job_id(what: str, service: str = "") -> str:
    """Return a job's id: of a service, or of one of the others."""
    return str(NAMES["jobs"][what]).format(service=service)


# Sixteen times a process's (cgroup v1: 1024 is usual; v2: 100).
_SHARES = {
    Path("/sys/fs/cgroup/cpu/nomad/cpu.shares"): "16384",
    Path("/sys/fs/cgroup/nomad.slice/cpu.weight"): "1600",
}


class AgentError(Exception):
    """An agent doesn't become ready; the message says which."""


@cache
def program(name: str) -> str:
    """Return the path of a program; the first time, building it may take minutes.

    Raises:
        AgentError: It can't be had.
    """
    found = subprocess.run([ROOT / "tools" / "build", "--json", name], stdout=subprocess.PIPE, check=False)
    if found.returncode != 0:
        raise AgentError(f"{name} is missing; see above.")
    return str(json.loads(found.stdout)[name]["path"])


def until(check: Callable[[], Any], what: str, seconds: float = _WAIT_SECONDS, pause: float = 0.1) -> Any:
    """Call `check()` until it returns something true; return that. Connection errors are retried.

    Raises:
        AgentError: It takes too long.
    """
    deadline = time.monotonic() + seconds
    last: object = "no answer"
    while True:
        try:
            if found := check():
                return found
            last = found
        except (httpx.HTTPError, ValueError) as exc:
            last = f"{type(exc).__name__}: {exc}"
        if time.monotonic() > deadline:
            raise AgentError(f"{what} after {seconds:.0f} s still isn't so: {last!r}")
        time.sleep(pause)


class Api:
    """An HTTP API with a token.

    Args:
        url: Its root.
        header: That carries the token.
        token: The token.
    """

    def __init__(self, url: str, header: str, token: str) -> None:
        self.url = url
        self.token = token
        self._header = header

    def get(self, path: str, **parameters: Any) -> Any:
        """Return an answer's JSON.

        Raises:
            httpx.HTTPError: There is none, or it is a refusal.
        """
        return self._json("GET", path, params=parameters)

    def put(self, path: str, body: Any = None, **parameters: Any) -> Any:
        """Send JSON; see `get`."""
        return self._json("PUT", path, json=body, params=parameters)

    def delete(self, path: str, **parameters: Any) -> Any:
        """Delete something; see `get`."""
        return self._json("DELETE", path, params=parameters)

    def text(self, path: str, **parameters: Any) -> str:
        """Return an answer as text; see `get`."""
        return self._ask("GET", path, params=parameters).text

    def _json(self, method: str, path: str, **more: Any) -> Any:
        answer = self._ask(method, path, **more)
        return answer.json() if answer.content else None

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        with httpx.Client(base_url=self.url, headers={self._header: self.token}, timeout=15, verify=_TLS) as client:
            answer = client.request(method, path, **more)
        if answer.is_error:
            message = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            raise httpx.HTTPStatusError(message, request=answer.request, response=answer)
        return answer


class Agents:
    """The agents of a cluster.

    Args:
        place: Where.
        processes: Takes note of them.
        secrets: Their keys and tokens.
    """

    def __init__(self, place: Place, processes: Processes, secrets: LocalSecrets) -> None:
        self._place = place
        self._processes = processes
        self._secrets = secrets
        self._data = place.folder / "agents"

    # Starting and stopping one.

    def start(self, program_name: str, agent: Agent) -> None:
        """Start a Consul or a Nomad agent, and don't wait."""
        path = self._data / agent.name / f"{program_name}.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make = self._consul if program_name == "consul" else self._nomad
        write_private(path, make(agent))
        command = [
            program(program_name),
            "agent",
            f"-config-file={path}" if program_name == "consul" else f"-config={path}",
        ]
        self._processes.start(f"{program_name}-{agent.name}", command)

    def stop(self, program_name: str, agent: Agent) -> None:
        """End an agent; the tasks of a Nomad agent run on."""
        self._processes.stop(f"{program_name}-{agent.name}")

    def clear(self) -> None:
        """Delete the agents' data; unmount first what Nomad, as root, mounted for tasks' secrets."""
        self.unmount()
        shutil.rmtree(self._data, ignore_errors=True)

    def unmount(self) -> None:
        """Unmount the tasks' secrets that a killed Nomad agent has left."""
        mounts = Path("/proc/self/mounts")
        if not mounts.exists():
            return
        for line in mounts.read_text().splitlines():
            if (where := line.split()[1]).startswith(f"{self._data}/"):
                subprocess.run(["umount", where], check=False, capture_output=True)

    # Configuration.

    def _consul(self, agent: Agent) -> dict[str, Any]:
        place = self._place
        servers = [one for one in place.agents if one.is_server]
        configuration: dict[str, Any] = {
            "server": agent.is_server,
            "datacenter": ENVIRONMENT,
            "node_name": agent.name,
            "data_dir": str(self._data / agent.name / "consul"),
            "bind_addr": _BIND,
            "client_addr": _BIND,
            "ports": {
                "http": place.port("consul_http", agent),
                "dns": place.port("consul_dns", agent),
                "server": place.port("consul_rpc", agent),
                "serf_lan": place.port("consul_serf_lan", agent),
                "serf_wan": place.port("consul_serf_wan", agent) if agent.is_server else -1,
                "grpc": -1,
                "grpc_tls": -1,
            },
            "encrypt": self._secrets.value("cluster/gossip-consul"),
            "retry_join": [f"{LOOPBACK}:{place.port('consul_serf_lan', one)}" for one in servers if one != agent],
            "retry_interval": "1s",
            "connect": {"enabled": False},
            "performance": {"raft_multiplier": 1},
            # Consul's own default for a LAN takes a minute to notice; these are its values for one machine.
            "gossip_lan": {"gossip_interval": "100ms", "probe_interval": "500ms", "probe_timeout": "250ms"},
            "leave_on_terminate": False,
            "skip_leave_on_interrupt": True,
            "disable_update_check": True,
            "limits": {"http_max_conns_per_client": 2000},  # all of them come from one address here
            # The leader's answers, for a server that has just started may be far behind.
            "dns_config": {"service_ttl": {"*": "0s"}, "allow_stale": False},
            "log_level": "info",
            "acl": {
                "enabled": True,
                "default_policy": "deny",
                "enable_token_persistence": False,
                "tokens": {
                    "agent": self._secrets.value("cluster/acl-consul-agent"),
                    # DNS carries no tokens; whoever asks over HTTP without one may do nothing.
                    "dns": self._secrets.value("cluster/acl-consul-agent"),
                },
            },
        }
        if agent.is_server:
            configuration["bootstrap_expect"] = len(servers)
            # Servers that start replay what came after the last snapshot, and tell of instances long gone meanwhile.
            configuration |= {"raft_snapshot_threshold": 16, "raft_snapshot_interval": "10s"}
            configuration["acl"]["tokens"]["initial_management"] = self._secrets.value("cluster/acl-consul")
            configuration["ui_config"] = {"enabled": True}
        return configuration

    def _nomad(self, agent: Agent) -> dict[str, Any]:
        place = self._place
        servers = [one for one in place.agents if one.is_server]
        identity = {"aud": [_AUDIENCE], "ttl": "1h"}
        configuration: dict[str, Any] = {
            "name": agent.name,
            "region": NAMES["nomad_region"],
            "datacenter": ENVIRONMENT,
            "data_dir": str(self._data / agent.name / "nomad"),
            "bind_addr": _BIND,
            "ports": {what: place.port(f"nomad_{what}", agent) for what in ("http", "rpc", "serf")},
            "advertise": {what: place.address(f"nomad_{what}", agent) for what in ("http", "rpc", "serf")},
            "acl": {"enabled": True},
            "disable_update_check": True,
            "leave_on_interrupt": False,
            "leave_on_terminate": False,
            "limits": {"http_max_conns_per_client": 2000, "rpc_max_conns_per_client": 2000},
            "telemetry": {
                "prometheus_metrics": True,
                "publish_allocation_metrics": True,
                "publish_node_metrics": True,
                "collection_interval": "5s",  # each second, an idle cluster would take 3 % of a processor more
            },
            "consul": {
                "address": place.address("consul_http", agent),
                "token": self._secrets.value("cluster/acl-consul-nomad"),
                "server_auto_join": False,
                "client_auto_join": False,
                "service_identity": identity,
                "task_identity": identity,
            },
        }
        if agent.is_server:
            configuration["server"] = {
                "enabled": True,
                "bootstrap_expect": len(servers),
                "encrypt": self._secrets.value("cluster/gossip-nomad"),
                "raft_multiplier": 1,
                "server_join": {
                    "retry_join": [place.address("nomad_serf", one) for one in servers if one != agent],
                    "retry_interval": "1s",
                },
            }
            return configuration
        first, last = place.task_ports(agent)
        configuration["client"] = {
            "enabled": True,
            "node_class": agent.kind,
            "servers": [place.address("nomad_rpc", one) for one in servers],
            "network_interface": "lo",
            "min_dynamic_port": first,
            "max_dynamic_port": last,
            "max_kill_timeout": "60s",
            # What jobs ask this machine's Consul by; in AWS every machine's is at the usual ports.
            "meta": {
                "consul_http": place.url("consul_http", agent),
                "consul_dns": place.address("consul_dns", agent),
            },
            # Each waits for an address that answers only on its cloud.
            "options": {"fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean"},
        }
        configuration["plugin"] = {"raw_exec": {"config": {"enabled": True}}}
        return configuration

    # Access control.

    def consul(self, agent: Agent | None = None) -> Api:
        """Return Consul's API as its administrator, at the first server's agent by default."""
        url = self._place.url("consul_http", agent or self._place.agents[0])
        return Api(url, "X-Consul-Token", self._secrets.value("cluster/acl-consul"))

    def nomad(self, agent: Agent | None = None) -> Api:
        """Return Nomad's API as its administrator, at the first server by default."""
        url = self._place.url("nomad_http", agent or self._place.agents[0])
        return Api(url, "X-Nomad-Token", self._secrets.value("cluster/acl-nomad"))

    def settle_nomad(self) -> None:
        """Wait until Nomad has a leader that can sign workload identities, and create its tokens.

        Raises:
            AgentError: It doesn't get that far.
        """
        api = self.nomad()
        body = {"BootstrapSecret": self._secrets.value("cluster/acl-nomad")}
        until(lambda: api.put("/v1/acl/bootstrap", body), "Nomad's access control")
        api.put("/v1/acl/policy/deploy", {"Name": "deploy", "Rules": _DEPLOY_RULES})
        token = api.put("/v1/acl/token", {"Name": "deploy", "Type": "client", "Policies": ["deploy"]})
        write_private(self._place.tokens / "nomad", self._secrets.value("cluster/acl-nomad"))
        write_private(self._place.tokens / "nomad-deploy", token["SecretID"])
        until(lambda: api.get(_KEYS)["keys"], "Nomad's signing key")

    def settle_consul(self) -> None:
        """Wait until Consul has a leader, and create every agent's token.

        Raises:
            AgentError: It doesn't get that far.
        """
        api = self.consul()
        until(lambda: api.get("/v1/acl/tokens"), "Consul's access control")
        for name, rules in (("agent", _AGENT_RULES), ("nomad", _NOMAD_RULES)):
            api.put("/v1/acl/policy", {"Name": name, "Rules": rules})
            body = {
                "SecretID": self._secrets.value(f"cluster/acl-consul-{name}"),
                "Description": name,
                "Policies": [{"Name": name}],
            }
            api.put("/v1/acl/token", body)
        write_private(self._place.tokens / "consul", self._secrets.value("cluster/acl-consul"))

    def trust_nomad(self) -> None:
        """Make Consul accept the workload identities that Nomad signs.

        Raises:
            AgentError: It doesn't.
        """
        # Through a client, which forwards to the current leader.
        edge = self._place.agent("edge-1")
        until(lambda: self.nomad(edge).get(_KEYS)["keys"], "Nomad's signing key at a client")
        self.run("setup", "consul", "-y", f"-jwks-url={self._place.url('nomad_http', edge)}{_KEYS}")
        self._let_auth_leave_keys()

    def _let_auth_leave_keys(self) -> None:
        """Let Auth, and only Auth, write the keys with which the gateway verifies tokens."""
        api = self.consul()
        rules = 'key "votewave/gateway/keys" { policy = "write" }'
        api.put("/v1/acl/policy", {"Name": "gateway-keys", "Rules": rules})
        api.put("/v1/acl/role", {"Name": "gateway-keys", "Policies": [{"Name": "gateway-keys"}]})
        rule = {
            "AuthMethod": _AUTH_METHOD,
            "BindType": "role",
            "BindName": "gateway-keys",
            # A job of the same name in another namespace must not pass for Auth.
            "Selector": (
                '"nomad_service" not in value and value.nomad_namespace == "default" '
                f'and value.nomad_job_id == "{job_id("service", "auth")}"'
            ),
        }
        api.put("/v1/acl/binding-rule", rule)

    def clients_ready(self) -> None:
        """Wait until every client takes tasks.

        Raises:
            AgentError: One doesn't.
        """
        api = self.nomad()
        wanted = len([agent for agent in self._place.agents if not agent.is_server])

        def ready() -> bool:
            nodes = api.get("/v1/nodes")
            return len([node for node in nodes if node["Status"] == "ready" and _has_consul(api, node)]) == wanted

        until(ready, "Nomad's clients")
        _give_tasks_their_share()

    # Nomad's own command.

    def environment(self, agent: Agent | None = None) -> dict[str, str]:
        """Return the variables with which `nomad` and `consul` reach the cluster, at the first server by default."""
        at = agent or self._place.agents[0]
        return {
            "NOMAD_ADDR": self._place.url("nomad_http", at),
            "NOMAD_TOKEN": self._secrets.value("cluster/acl-nomad"),
            "CONSUL_HTTP_ADDR": self._place.url("consul_http", at),
            "CONSUL_HTTP_TOKEN": self._secrets.value("cluster/acl-consul"),
        }

    def run(
        self,
        *arguments: str | Path,
        seconds: float = 120,
        agent: Agent | None = None,
        good: Collection[int] = (0,),
    ) -> str:
        """Run `nomad …` as the administrator, at the first server by default; return what it prints.

        Args:
            *arguments: The command.
            seconds: How long it may take.
            agent: Whom to ask.
            good: Exit codes that are no failure.

        Raises:
            AgentError: It fails, and the message is what it said, or takes too long.
        """
        command = [program("nomad"), *map(str, arguments)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("NOMAD_", "CONSUL_"))}
        with contextlib.suppress(KeyError):
            del environment["VOTEWAVE_CLUSTER"]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,  # jobspecs read files
                capture_output=True,
                text=True,
                env={**environment, **self.environment(agent)},
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise AgentError(f"nomad {' '.join(command[1:3])}: no answer within {seconds:.0f} s") from exc
        if done.returncode not in good:
            raise AgentError(f"nomad {' '.join(command[1:3])}: {(done.stderr or done.stdout).strip()}")
        return done.stdout


def _give_tasks_their_share() -> None:
    """Give tasks as much processor time as if each ran by itself.

    As root Nomad puts all of them in one control group, which gets as much as any single process outside: a test or a
    load generator beside the cluster would starve them. Machines of a real cluster run nothing else.
    """
    for path, value in _SHARES.items():
        with contextlib.suppress(OSError):  # another version of control groups, or nobody who may
            if path.exists():
                path.write_text(value)


def _has_consul(api: Api, node: dict[str, Any]) -> bool:
    """Return whether a client has detected its Consul agent: until then, jobs that need Consul aren't placed on it."""
    attributes = api.get(f"/v1/node/{node['ID']}")["Attributes"]
    return "consul.version" in attributes and "driver.raw_exec" in attributes
