"""The whole cluster: starts everything in order, and leaves nothing behind."""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets as random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpcore  # noqa: F401  (httpx would, when threads ask; Ctrl-C in an import there can leave its lock taken for good)
import httpx
import psutil
from services.embedded import EmbeddedError
from services.embedded.process import tail
from services.registry import NAMES as SERVICES
from services.registry import PROGRAMS
from tools.cluster import alb, images
from tools.cluster.agents import AgentError, Agents, job_id, program
from tools.cluster.jobs import JOBS, JobError, Jobs
from tools.cluster.place import ROOT, Place, PlaceError, write_private
from tools.cluster.processes import ProcessError, Processes, end
from tools.cluster.secrets import LocalAws, LocalSecrets
from tools.cluster.stores import MASTER, REDIS_USER, Stores
from tools.release.interrupts import undisturbed
from tools.release.migrating import short

ERRORS = (AgentError, EmbeddedError, JobError, PlaceError, ProcessError, images.ImageError, httpx.HTTPError, OSError)
"""The errors that a command expects; each message says what is wrong."""


class ClusterError(Exception):
    """The cluster can't do that now; the message says why."""


@dataclass(frozen=True)
class Part:
    """A line of `status`.

    Attributes:
        name: Of a process, a service or a job.
        kind: `process`, `node` or `job`.
        state: Such as "running", "ready", "2 healthy".
        good: Whether that is as it should be.
        detail: Where it is, or in which version.
    """

    name: str
    kind: str
    state: str
    good: bool
    detail: str = ""


class Cluster:
    """A local cluster; `up` makes it, and `at` finds one that runs.

    Args:
        place: Where.
        tell: Is given a line for each step.
    """

    def __init__(self, place: Place, tell: Callable[[str], None] = lambda _: None) -> None:
        self.place = place
        self._tell = tell
        self.processes = Processes(place.folder, place.logs)
        self.secrets = LocalSecrets(place)
        self.aws = LocalAws(place)
        self.agents = Agents(place, self.processes, self.secrets)
        self.jobs = Jobs(self.agents, place.values, self.tell)
        self.stores = Stores(place, self.processes)

    @classmethod
    def at(cls, folder: Path, tell: Callable[[str], None] = lambda _: None) -> "Cluster":
        """Return the cluster that was last started on a folder.

        Raises:
            ClusterError: There is none.
        """
        try:
            said = json.loads((folder / "cluster.json").read_bytes())
        except FileNotFoundError:
            raise ClusterError(f"No cluster was started on {folder}. `./just cluster up` starts one.") from None
        return cls(Place(folder, said["port_base"], said["servers"], said["clients"], said["edges"]), tell)

    def tell(self, line: str) -> None:
        """Print progress. If the terminal is gone, printing fails, and that must not stop anything."""
        with contextlib.suppress(OSError):
            self._tell(line)

    # Up.

    def up(self, version: str | None = None, while_pid: int | None = None, *, gateway: bool = True) -> dict[str, Any]:
        """Start everything; return what `cluster.json` says.

        Args:
            version: What is deployed; the work tree as it is by default.
            while_pid: A process; once it has ended, the cluster is stopped.
            gateway: Whether the gateway runs, too.

        Raises:
            ClusterError: It runs already, or ports are taken.
            Exception: One of `ERRORS`; whatever was started is stopped again.
        """
        self.place.make()
        with self._alone():
            if self.processes.running():
                raise ClusterError(f"A cluster runs on {self.place.folder} already: `./just cluster status`.")
            self._down(quietly=True)
            if taken := self.place.taken():
                named = ", ".join(f"{port} ({what})" for port, what in sorted(taken.items()))
                raise ClusterError(f"Ports are taken: {named}. End who has them, or pass --port-base.")
            self.secrets.make()
            for log in self.place.logs.glob("*.log"):
                log.unlink()
            try:
                if while_pid is not None:
                    self._watch(while_pid)
                return self._up(version, gateway=gateway)
            except BaseException:
                with undisturbed():
                    self.tell("that failed; stopping what was started")
                    self._down(quietly=True)
                raise

    def _watch(self, pid: int) -> None:
        self._describe("")
        command = [sys.executable, "-m", "tools.cluster", "--folder", str(self.place.folder), "watch", str(pid)]
        self.processes.start("watch", command, {"PYTHONPATH": str(ROOT)})

    def _up(self, version: str | None, *, gateway: bool) -> dict[str, Any]:
        self._describe(version or "")  # from here on `down` finds everything
        for name in ("consul", "nomad"):
            program(name)
        if gateway:
            alb.program()
        with ThreadPoolExecutor(4) as pool:
            image = pool.submit(self.image, version)
            stores = pool.submit(self._start_stores)
            aws = pool.submit(self._start_aws)
            self._start_agents()
            for started in (stores, aws, image):
                started.result()
        made = image.result()
        self._write_values(gateway=gateway)
        if gateway:
            self._start_balancer()
        self.jobs.migrate(made)
        self.tell("the tables are there")
        self.deploy(made, gateway=gateway)
        return self._describe(made)

    def image(self, version: str | None = None) -> str:
        """Build a version unless it exists, by default of the work tree; return it."""
        version = version or images.current_version()
        new = not (self.place.releases / version / "complete").exists()
        images.make(version, self.place.releases)
        self.tell(f"version {version} is {'built' if new else 'there'}")
        return version

    def _start_stores(self) -> None:
        self.stores.start_valkey(self.secrets.value("redis/auth"))
        self.stores.start_postgres(self.secrets.master_password)
        self.tell(f"Postgres listens on {self.place.port('postgres')}, Valkey on {self.place.port('redis')}")

    def _start_aws(self) -> None:
        self.stores.start_aws()
        self.aws.fill(self.secrets.all(), write_private)
        self.tell(f"AWS (moto) listens on {self.place.port('aws')}, with secrets and roles")

    def _start_agents(self) -> None:
        self.agents.clear()
        for agent in self.place.agents:
            self.agents.start("consul", agent)
            if agent.is_server:
                self.agents.start("nomad", agent)
        self.agents.settle_consul()
        self.tell(f"Consul: {self.place.url('consul_http', self.place.agents[0])}")
        self.agents.settle_nomad()
        # Not earlier: a client that finds no leader or no Consul retries only after fifteen seconds.
        for agent in self.place.agents:
            if not agent.is_server:
                self.agents.start("nomad", agent)
        self.agents.trust_nomad()
        self.agents.clients_ready()
        self.tell(f"Nomad: {self.place.url('nomad_http', self.place.agents[0])}")

    def _start_balancer(self) -> None:
        """Start what stands in for the load balancer in front of the gateways."""
        path = self.place.folder / "balancer.cfg"
        dns = [self.place.address("consul_dns", agent) for agent in self.place.agents]
        write_private(
            path, alb.configuration(self.place.address("gateway_http"), self.place.address("gateway_metrics"), dns)
        )
        self.processes.start("balancer", [alb.program(), "-W", "-f", path])

    def _write_values(self, *, gateway: bool) -> None:
        addresses = {
            "VOTEWAVE_DATABASE_URL": self.stores.database_url(),
            "VOTEWAVE_REDIS_URL": self.stores.redis_url(),
            "VOTEWAVE_REDIS_USER": REDIS_USER,
            "VOTEWAVE_PUBLIC_URL": self.place.url("gateway_http"),
            "AWS_ENDPOINT_URL": self.place.url("aws"),
        }
        values: dict[str, Any] = {
            "releases": str(self.place.releases),
            "addresses": addresses,
            # The load tests as a job: this clone, with the Python that runs it.
            "load_python": sys.executable,
            "load_source": str(ROOT),
        }
        if gateway:
            values["gateway_command"] = alb.program()
        write_private(self.place.values, "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))

    def deploy(self, version: str, *, gateway: bool = True) -> None:
        """Run every service, and the gateway, in a version, and wait until they are healthy.

        Args:
            version: Which.
            gateway: Whether the gateway runs, too.

        Raises:
            JobError: They don't become healthy.
        """
        waiting = []
        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(self.jobs.run, "service", service=name, version=version) for name in PROGRAMS]
            waiting += [job_id("service", name) for name in PROGRAMS]
            if gateway:
                runs.append(pool.submit(self.jobs.run, "gateway", version=version))
                waiting.append(job_id("gateway"))
            runs.append(pool.submit(self.jobs.run, "reports", version=version))
            for run in runs:
                run.result()
        self.jobs.healthy(waiting)

    def _describe(self, version: str) -> dict[str, Any]:
        place = self.place
        for name in ("nomad", "consul"):  # under their plain names, for a shell's PATH
            link = place.programs / name
            link.unlink(missing_ok=True)
            link.symlink_to(program(name))
        server = place.agents[0]
        edge = place.agent("edge-1")
        said = {
            "folder": str(place.folder),
            "environment": "local",
            "port_base": place.port_base,
            "servers": place.servers,
            "clients": place.clients,
            "edges": place.edges,
            "version": version,
            "releases": str(place.releases),
            "gateway_url": place.url("gateway_http"),
            "balancer_metrics_url": place.url("gateway_metrics"),
            "consul_url": place.url("consul_http", server),
            "consul_token_file": str(place.tokens / "consul"),
            "consul_dns": place.address("consul_dns", edge),
            "nomad_url": place.url("nomad_http", server),
            "nomad_token_file": str(place.tokens / "nomad"),
            "nomad_deploy_token_file": str(place.tokens / "nomad-deploy"),
            "nomad_servers": [place.url("nomad_http", one) for one in place.agents if one.is_server],
            "nomad_program": program("nomad"),
            "consul_program": program("consul"),
            "ca": None,
            "aws_url": place.url("aws"),
            "aws_keys_file": str(place.tokens / "aws.json"),
            "database_url": self.stores.database_url(),
            "admin_database_url": self.stores.database_url(MASTER, self.secrets.master_password),
            "redis_url": self.stores.redis_url(REDIS_USER, self.secrets.value("redis/auth")),
            "var_files": [str(JOBS.parent / "env" / "local.hcl"), str(place.values)],
            "logs": str(place.logs),
        }
        write_private(place.state, said)
        return said

    def must_run(self) -> None:
        """Raise an error unless the cluster runs.

        Raises:
            ClusterError: It is down.
        """
        if not self.processes.running():
            raise ClusterError("The cluster is down. `./just cluster up` starts it.")

    # Rotation.

    def rotate(self, service: str) -> None:
        """Give a service's database role a new password while the service runs.

        The secret changes first, then the role. In between, a process that reads the new password is refused and falls
        back to the previous version (AWSPREVIOUS); afterwards a process with the old password is refused and reads the
        secret again. In the other order there would be a moment in which no version of the secret works. Migrations set
        the role's password, as at each release, so the same two steps rotate it in AWS.

        If the migrations fail, run it again: it finishes the rotation and doesn't create another version of the secret.
        That would leave the password in use as neither the current nor the previous version.

        Raises:
            ClusterError: There is no such service, no cluster runs, or another command is changing the cluster.
            JobError: The password couldn't be set; the old one is still in use.
        """
        if service not in SERVICES:
            raise ClusterError(f"There is no service {service}; there are: {', '.join(SERVICES)}.")
        with self._alone():
            self.must_run()
            if self._is_in_force(service):
                self.new_password(service)
                self.tell(f"the secret {service}/database has a new version")
            else:
                self.tell(f"the secret {service}/database has a version that isn't in force yet; it stays")
            self.jobs.migrate(json.loads(self.place.state.read_bytes())["version"])
            self.tell(f"the role {service} has its password")

    def _is_in_force(self, service: str) -> bool:
        """Return whether a service can log in to the database with the current version of its secret."""
        password = self.aws.current(f"{service}/database")

        async def log_in() -> bool:
            try:
                connection = await asyncpg.connect(
                    self.stores.database_url(), user=service, password=password, timeout=10
                )
            except asyncpg.InvalidAuthorizationSpecificationError:
                return False
            except asyncpg.PostgresError as exc:
                raise ClusterError(f"Postgres doesn't let {service} in: {exc}") from exc
            await connection.close()
            return True

        return asyncio.run(log_in())

    def new_password(self, service: str) -> None:
        """Give a service's secret a new version, and leave the role as it is."""
        name = f"{service}/database"
        self.secrets.rotate(name, lambda: random.token_urlsafe(24))
        self.aws.put(name, self.secrets.value(name))

    # Down.

    def down(self, but: int | None = None) -> list[str]:
        """Stop everything, including what killed parts left behind; return what was found running.

        Args:
            but: The process of the cluster that calls this, which ends by itself.

        Raises:
            ClusterError: Another command is at it.
        """
        if not self.place.folder.exists():
            return []
        with self._alone():
            return self._down(but=but)

    def _down(self, *, quietly: bool = False, but: int | None = None) -> list[str]:
        self.processes.spare = but
        tell = (lambda _: None) if quietly else self.tell
        found = list(self.processes.running())
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess, AttributeError):
                self.processes.expect(process).send_signal(signal.SIGCONT)  # who is paused can't be asked
        if any(name.startswith("nomad-server") for name in found):
            tell("stopping jobs")
            try:
                self.jobs.stop_all()
            except (AgentError, httpx.HTTPError) as exc:
                tell(f"jobs are stopped without Nomad: {exc}")
        self.processes.stop("balancer")
        end(self._processes("nomad-"), signal.SIGTERM, 10)
        # Tasks and their supervisors that outlived their Nomad agent, from whichever run.
        left = [p for p in self.processes.leftovers() if p.pid not in {q.pid for q in self._processes("")}]
        if left:
            tell(f"ending {len(left)} tasks that were left")
            end(left, signal.SIGTERM, 8)
        end(self._processes("consul-"), signal.SIGTERM, 10)
        if self.processes.find("postgres") is not None:
            tell("stopping Postgres")
        self.stores.stop_postgres()
        self.stores.stop_valkey()
        self.processes.stop("aws", seconds=5)
        rest = [*self._processes(""), *self.processes.leftovers()]
        end(rest, signal.SIGTERM, 5)
        self.agents.clear()
        self.processes.forget()
        self.place.values.unlink(missing_ok=True)
        return [*found, *(f"task {process.pid}" for process in left)]

    def _processes(self, prefix: str) -> list[psutil.Process]:
        return [process for name, process in self.processes.running().items() if name.startswith(prefix)]

    def reset(self) -> None:
        """Stop everything and delete the cluster's data, votes included."""
        self.down()
        shutil.rmtree(self.place.folder, ignore_errors=True)

    # Looking.

    def status(self) -> list[Part]:
        """Return the state of every part; nothing if the cluster is down."""
        if not self.processes.running():
            return []
        parts = []
        for name in self.processes.names():
            process = self.processes.find(name)
            paused = process is not None and process.status() == psutil.STATUS_STOPPED
            state = "ended" if process is None else "paused" if paused else f"runs, pid {process.pid}"
            parts.append(Part(name, "process", state, good=process is not None and not paused))
        try:
            parts += self._nodes() + self._services()
        except httpx.HTTPError as exc:
            parts.append(Part("Nomad", "node", f"can't be asked: {exc}", good=False))
        return parts

    def _nodes(self) -> list[Part]:
        nodes = self.agents.nomad().get("/v1/nodes")
        return [
            Part(
                node["Name"],
                "node",
                f"{node['Status']}, {node['SchedulingEligibility']}",
                good=node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible",
                detail=f"class {node['NodeClass']}",
            )
            for node in sorted(nodes, key=lambda node: str(node["Name"]))
        ]

    def _services(self) -> list[Part]:
        consul, nomad = self.agents.consul(), self.agents.nomad()
        parts = []
        for job in sorted(nomad.get("/v1/jobs"), key=lambda job: str(job["ID"])):
            if job["Type"] not in {"service", "system"}:
                state = self._batch_state(job)
                parts.append(Part(job["ID"], "job", state, good=state != "failed", detail=str(job["Type"])))
                continue
            name = str(job["ID"]).removeprefix("votewave-")
            entries = consul.get(f"/v1/health/service/{name}")
            passing = [e for e in entries if all(check["Status"] == "passing" for check in e["Checks"])]
            versions = sorted({short(str(e["Service"]["Meta"].get("version", "?"))) for e in entries})
            waiting = sum("stable" not in e["Service"]["Tags"] for e in entries) if name in PROGRAMS else 0
            canaries = f", {waiting} {'canary waits' if waiting == 1 else 'canaries wait'}" if waiting else ""
            places = ", ".join(f"{e['Service']['Address']}:{e['Service']['Port']}" for e in passing)
            parts.append(
                Part(
                    job["ID"],
                    "job",
                    f"{len(passing)} of {len(entries)} healthy{canaries}",
                    good=bool(passing) and len(passing) == len(entries),
                    detail=f"{'/'.join(versions)} at {places}",
                )
            )
        return parts

    def _batch_state(self, job: dict[str, Any]) -> str:
        """Return how the last run of a batch job ended; Nomad reports only "dead" for all of them."""
        if job["Status"] != "dead":
            return str(job["Status"])
        runs = self.agents.nomad().get(f"/v1/job/{quote(job['ID'], safe='')}/allocations")
        last = max(runs, key=lambda run: int(run["CreateIndex"]), default=None)
        state = str(last["ClientStatus"] if last else job["Status"])
        return "done" if state == "complete" else state

    def log(self, name: str, lines: int) -> list[str]:
        """Return the last lines of a process, of a job's allocations, or of the allocation whose id begins so.

        Raises:
            ClusterError: There is none of that name, or Nomad, which knows, is down.
        """
        if (path := self.processes.log(name)).exists():
            return tail(path, lines).splitlines()
        self.must_run()
        found = [
            one
            for one in self.agents.nomad().get("/v1/allocations")
            if str(one["JobID"]).partition("/")[0] in {name, f"votewave-{name}"} or one["ID"].startswith(name)
        ]
        if not found:
            raise ClusterError(f"There is no process, job or allocation {name}. `./just cluster logs` lists them.")
        said = []
        for one in sorted(found, key=lambda one: int(one["CreateIndex"])):
            for task, state in (one["TaskStates"] or {}).items():
                said.append(f"== {one['JobID']} {one['ID'][:8]} {task} ({one['ClientStatus']}, on {one['NodeName']})")
                if state["StartedAt"]:
                    said += self.jobs.log(one["ID"], task, lines * 400).splitlines()[-lines:]
                else:  # it has written nothing; why, only Nomad knows
                    said += [f"{event['Type']}: {event['DisplayMessage']}" for event in state["Events"]][-lines:]
        return said

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock that keeps two commands from changing the cluster at the same time."""
        path = self.place.folder / "lock"
        with path.open("a") as lock:
            os.set_inheritable(lock.fileno(), False)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ClusterError("Another `./just cluster` command is under way; wait for its end.") from None
            yield


class Progress:
    """Prints lines with the seconds since it was made.

    Args:
        write: Prints one.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Print a line."""
        self._write(f"{self.seconds:6.1f} s  {text}")

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began
