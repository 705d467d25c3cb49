"""A cluster's folder and ports."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
ENVIRONMENT = "local"

NAMES = json.loads((ROOT / "terraform" / "modules" / "naming" / "names.json").read_text())
"""The names that Terraform, machine images, jobs and programs share."""

# What an agent listens on, by its place within the agent's ten ports of a shifted cluster.
_AGENT = (
    "consul_http",
    "consul_dns",
    "consul_rpc",
    "consul_serf_lan",
    "consul_serf_wan",
    "nomad_http",
    "nomad_rpc",
    "nomad_serf",
)
_AGENT_PACKETS = ("consul_dns", "consul_serf_lan", "consul_serf_wan", "nomad_serf")  # over UDP, too
# The cluster's own, from the ninetieth port on. The first two are those of what stands in for the load balancer.
_SINGLE = ("gateway_http", "gateway_metrics", "postgres", "redis", "aws", "prometheus")
_USUAL = {**NAMES["ports"], "aws": 5000}
_TASKS = 100
_AGENTS = 9  # that fit between 8500 and 8600, and below a shifted cluster's single ports


class PlaceError(Exception):
    """The cluster can't use this folder or these ports; the message says what to do."""


@dataclass(frozen=True)
class Agent:
    """One machine of the cluster: a Consul agent and a Nomad agent side by side.

    Attributes:
        name: Such as "server-1", "app-2".
        kind: `server`, or the node class: `edge`, `app`.
        index: Its place among all agents, from which its ports follow.
    """

    name: str
    kind: str
    index: int

    @property
    def is_server(self) -> bool:
        """Whether it is one of the servers that decide."""
        return self.kind == "server"


@dataclass(frozen=True)
class Place:
    """A cluster's folder and ports.

    Attributes:
        folder: All that the cluster keeps.
        port_base: None for the well-known ports; else the cluster has the 1,000 ports from there.
        servers: Consul and Nomad servers: 1 or 3.
        clients: Clients of the class app.
        edges: Clients of the class edge, each with a gateway; two, so that one can be replaced while one serves.
    """

    folder: Path
    port_base: int | None = None
    servers: int = 1
    clients: int = 1
    edges: int = 2

    @property
    def agents(self) -> list[Agent]:
        """Every machine, servers first."""
        names = [(f"server-{number + 1}", "server") for number in range(self.servers)]
        names += [(f"edge-{number + 1}", "edge") for number in range(self.edges)]
        names += [(f"app-{number + 1}", "app") for number in range(self.clients)]
        if len(names) > _AGENTS:
            raise PlaceError(f"{len(names)} agents are more than ports are set aside for: {_AGENTS} at most.")
        return [Agent(name, kind, index) for index, (name, kind) in enumerate(names)]

    def agent(self, name: str) -> Agent:
        """Return a machine by its name."""
        return next(agent for agent in self.agents if agent.name == name)

    def port(self, what: str, agent: Agent | None = None) -> int:
        """Return a port: one of the cluster's own, or one of an agent's."""
        if agent is None:
            return int(_USUAL[what]) if self.port_base is None else self.port_base + 90 + _SINGLE.index(what)
        first = int(_USUAL[what]) if self.port_base is None else self.port_base + _AGENT.index(what)
        return first + 10 * agent.index

    def address(self, what: str, agent: Agent | None = None) -> str:
        """Return "127.0.0.1:PORT"."""
        return f"{LOOPBACK}:{self.port(what, agent)}"

    def url(self, what: str, agent: Agent | None = None) -> str:
        """Return "http://127.0.0.1:PORT"."""
        return f"http://{self.address(what, agent)}"

    def task_ports(self, agent: Agent) -> tuple[int, int]:
        """Return the first and last port for an agent's tasks: two agents on one machine mustn't share any."""
        first, each = (_USUAL["tasks_from"], 1_000) if self.port_base is None else (self.port_base + _TASKS, 100)
        return first + each * agent.index, first + each * (agent.index + 1) - 1

    def all_ports(self) -> dict[int, str]:
        """Return what will listen where, tasks included, which may listen anywhere among theirs."""
        found = {self.port(what): what for what in _SINGLE}
        for agent in self.agents:
            found |= {self.port(what, agent): f"{what} of {agent.name}" for what in _AGENT}
            if not agent.is_server:
                first, last = self.task_ports(agent)
                found |= dict.fromkeys(range(first, last + 1), f"tasks of {agent.name}")
        return found

    def taken(self) -> dict[int, str]:
        """Return the ports that are already in use, and what the cluster needs them for."""
        wanted = self.all_ports()
        packets = {self.port(what, agent) for agent in self.agents for what in _AGENT_PACKETS}
        return {
            port: what
            for port, what in wanted.items()
            if _is_taken(port, socket.SOCK_STREAM) or (port in packets and _is_taken(port, socket.SOCK_DGRAM))
        }

    # Folders and files.

    @property
    def state(self) -> Path:
        """What `up` leaves behind for scripts and tests, mode 0600."""
        return self.folder / "cluster.json"

    @property
    def logs(self) -> Path:
        """A log for each process."""
        return self.folder / "logs"

    @property
    def releases(self) -> Path:
        """A folder for each version."""
        return self.folder / "releases"

    @property
    def programs(self) -> Path:
        """`nomad` and `consul` under their plain names."""
        return self.folder / "bin"

    @property
    def tokens(self) -> Path:
        """Tokens, mode 0600 in a folder of mode 0700."""
        return self.folder / "tokens"

    @property
    def values(self) -> Path:
        """The jobs' variables that are known only now: Terraform's outputs are their like in AWS."""
        return self.folder / "values.hcl"

    def make(self) -> None:
        """Make the folders."""
        # Passable: as root, Postgres is another user's and its folder lies in here.
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (self.logs, self.releases, self.tokens, self.programs):
            folder.mkdir(mode=0o700, exist_ok=True)
        self.releases.chmod(0o755)


def _is_taken(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        if kind is socket.SOCK_STREAM:  # what has just been closed is nobody's; with UDP two would share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def write_private(path: Path, content: object) -> None:
    """Write text, or anything else as JSON, to a file atomically and with mode 0600."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
