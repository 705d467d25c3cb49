"""A real Consul, and services as processes of their own that register there and find each other through it."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
from tests.conftest import eventually

from child_processes import end_with_parent

ROOT = Path(__file__).resolve().parents[2]


def program(name: str) -> str:
    """Return where a program of the cluster is; building it may take minutes, once."""
    found = subprocess.run([ROOT / "tools" / "build", "--json", name], stdout=subprocess.PIPE, check=True)
    return str(json.loads(found.stdout)[name]["path"])


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on, nor is given for a connection meanwhile."""
    found: list[int] = []
    for port in random.sample(range(15_000, 20_000), 5_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("There are no free ports.")


class Child:
    """A process of ours: started, stopped, and never left behind."""

    def __init__(self, log: Path) -> None:
        self.log_path = log
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self, command: list[str], environment: dict[str, str]) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env=environment,
                preexec_fn=end_with_parent,  # noqa: PLW1509  (it only sets a flag of the new process)
            )

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: no warning, no cleaning up."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """End it in an orderly way, if it still runs; return its exit status."""
        if self._process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def says(self) -> Iterator[dict[str, Any]]:
        """Yield what it has logged as JSON."""
        for line in self.log().splitlines():
            if line.startswith("{"):
                yield json.loads(line)


class Consul(Child):
    """One Consul server with access control: nobody may do anything without a token.

    Attributes:
        url: Its HTTP API.
        management: A token that may do everything.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "consul.log")
        self.folder = folder
        self.ports = dict(zip(("http", "server", "serf_lan", "serf_wan"), free_ports(4), strict=True))
        self.url = f"http://127.0.0.1:{self.ports['http']}"
        self.management = str(uuid4())
        self.data = folder / "consul"
        (folder / "consul.json").write_text(json.dumps(self._configuration()))

    def _configuration(self) -> dict[str, Any]:
        return {
            "server": True,
            "bootstrap_expect": 1,
            "datacenter": "local",
            "node_name": "node-1",
            "data_dir": str(self.data),
            "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1",
            "ports": {**self.ports, "dns": -1, "grpc": -1, "grpc_tls": -1},
            "connect": {"enabled": False},
            "performance": {"raft_multiplier": 1},
            "leave_on_terminate": False,
            "skip_leave_on_interrupt": True,
            "disable_update_check": True,
            "log_level": "trace",
            "acl": {
                "enabled": True,
                "default_policy": "deny",
                "enable_token_persistence": True,
                "tokens": {"initial_management": self.management, "agent": self.management},
            },
        }

    def begin(self) -> None:
        """Start it, and don't wait."""
        self.spawn([program("consul"), "agent", f"-config-file={self.folder / 'consul.json'}"], {**os.environ})

    async def start(self) -> None:
        """Start it, and wait until it leads and knows its token."""
        self.begin()

        async def leads() -> bool:
            assert self.process.poll() is None, self.log()[-3000:]
            try:
                return isinstance(await self.get("/v1/acl/tokens"), list) and bool(await self.get("/v1/catalog/nodes"))
            except (httpx.HTTPError, ValueError):
                return False

        await eventually(leads, 60)

    async def get(self, path: str, **parameters: Any) -> Any:
        """Ask its API with the management token."""
        return await self._call("GET", path, params=parameters)

    async def put(self, path: str, body: Any) -> Any:
        return await self._call("PUT", path, json=body)

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            answer = await client.request(method, path, headers={"x-consul-token": self.management}, **more)
            answer.raise_for_status()
            return answer.json()

    async def token(self, name: str, rules: str) -> str:
        """Make a token that may do just what the rules say."""
        await self.put("/v1/acl/policy", {"Name": name, "Rules": rules})
        return str((await self.put("/v1/acl/token", {"Policies": [{"Name": name}]}))["SecretID"])

    async def instances(self, service: str) -> dict[str, str]:
        """Return each instance's id and its check's status."""
        entries = await self.get(f"/v1/health/service/{service}")
        return {
            entry["Service"]["ID"]: next(c["Status"] for c in entry["Checks"] if c["ServiceID"]) for entry in entries
        }

    async def passing(self, service: str, count: int) -> None:
        """Wait until that many instances are healthy, and no more are there."""

        async def there() -> bool:
            try:
                return list((await self.instances(service)).values()) == ["passing"] * count
            except httpx.HTTPError:
                return False

        await eventually(there, 120)  # several services that begin at once, beside other tests


LEAST = """
service "%s" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
"""
"""What a service may do: register itself, and find others. It is what terraform and Nomad grant too."""


class Instance(Child):
    """One service as `votewave run NAME`, on the database and cache of a VoteWave that is up.

    Args:
        service: Its name.
        folder: For its log.
        environment: Its settings; the port is its own.
    """

    def __init__(self, service: str, folder: Path, environment: dict[str, str]) -> None:
        self.service = service
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.id = f"{service}-127.0.0.1-{self.port}"
        super().__init__(folder / f"{self.id}.log")
        self.environment = {**environment, "VOTEWAVE_PORT": str(self.port)}

    def begin(self) -> None:
        """Start it, and don't wait."""
        self.spawn([sys.executable, "-m", "services.cli", "run", self.service], self.environment)

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.begin()

        async def ready() -> bool:
            assert self.process.poll() is None, self.log()[-3000:]
            return await self.is_ready()

        await eventually(ready, 60)

    async def is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.get(f"{self.url}/health/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async def answered(self, route: str) -> float:
        """Return how many requests for a route it has answered."""
        async with httpx.AsyncClient(timeout=5) as client:
            metrics = (await client.get(f"{self.url}/metrics")).text
        lines = [line for line in metrics.splitlines() if line.startswith("votewave_http_requests_total{")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if f'route="{route}"' in line)


class Nomad(Child):
    """One Nomad, server and client in one, with access control, whose jobs get tokens for a Consul by identity.

    Attributes:
        url: Its HTTP API.
        management: A token that may do everything.
    """

    def __init__(self, folder: Path, consul: Consul) -> None:
        super().__init__(folder / "nomad.log")
        self.folder = folder
        self.consul = consul
        self.ports = dict(zip(("http", "rpc", "serf"), free_ports(3), strict=True))
        self.url = f"http://127.0.0.1:{self.ports['http']}"
        self.management = str(uuid4())
        identity = {"aud": ["consul.io"], "ttl": "1h"}
        (folder / "nomad.json").write_text(
            json.dumps(
                {
                    "ports": self.ports,
                    "acl": {"enabled": True},
                    "disable_update_check": True,
                    "leave_on_terminate": False,
                    # Each waits for an address that answers only on its cloud.
                    "client": {"options": {"fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean"}},
                    "consul": {
                        "address": consul.url.removeprefix("http://"),
                        "token": consul.management,
                        "service_identity": identity,
                        "task_identity": identity,
                    },
                }
            )
        )

    async def start(self) -> None:
        """Start it, wait until its client is ready, and have Consul trust the identities that it gives."""
        command = [program("nomad"), "agent", "-dev", f"-config={self.folder / 'nomad.json'}"]
        self.spawn(command, {**os.environ, "TMPDIR": str(self.folder)})  # where -dev keeps its state

        async def has_its_token() -> bool:
            assert self.process.poll() is None, self.log()[-3000:]
            async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
                try:
                    body = {"BootstrapSecret": self.management}
                    return (await client.post("/v1/acl/bootstrap", json=body)).status_code == 200
                except httpx.TransportError:
                    return False

        async def client_is_ready() -> bool:
            return [node["Status"] for node in await self.get("/v1/nodes")] == ["ready"]

        await eventually(has_its_token, 60)
        await eventually(client_is_ready, 60)
        self.run("setup", "consul", "-y", f"-jwks-url={self.url}/.well-known/jwks.json")

    def run(self, *arguments: str) -> str:
        """Run `nomad …` against it; return what it prints."""
        environment = {
            **os.environ,
            "NOMAD_ADDR": self.url,
            "NOMAD_TOKEN": self.management,
            "CONSUL_HTTP_ADDR": self.consul.url,
            "CONSUL_HTTP_TOKEN": self.consul.management,
        }
        done = subprocess.run(
            [program("nomad"), *arguments], capture_output=True, text=True, env=environment, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def get(self, path: str, **parameters: Any) -> Any:
        """Ask its API with the management token."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            answer = await client.get(path, params=parameters, headers={"x-nomad-token": self.management})
            answer.raise_for_status()
            return answer.json()

    def stop(self) -> int:
        """Stop its jobs, for they would outlive it, then itself; what is left of them then is killed."""
        if self._process is None or self.process.poll() is not None:
            return super().stop()
        tasks = psutil.Process(self.process.pid).children(recursive=True)
        with contextlib.suppress(AssertionError, httpx.HTTPError, subprocess.TimeoutExpired):
            for job in self._now("/v1/jobs"):
                self.run("job", "stop", "-detach", "-no-shutdown-delay", job["ID"])
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and any(
                allocation["ClientStatus"] in {"pending", "running"} for allocation in self._now("/v1/allocations")
            ):
                time.sleep(0.2)
        status = super().stop()
        for task in psutil.wait_procs(tasks, timeout=5)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                task.kill()  # psutil makes sure that the id hasn't become another process's
        for line in Path("/proc/self/mounts").read_text().splitlines():
            if (place := line.split()[1]).startswith(f"{self.folder}/"):  # as root, tasks' secrets are in memory
                subprocess.run(["umount", place], check=False)
        return status

    def _now(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}", headers={"x-nomad-token": self.management}, timeout=10).json()
