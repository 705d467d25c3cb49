"""Whether Consul, Nomad and Docker on this machine are well, as far as the cluster is concerned, too."""

import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from first_boot.api import Agent, RefusedError
from first_boot.configure import TLS
from first_boot.secretstore import Secrets
from first_boot.values import Values

_NODE = "var/lib/nomad/client"
_DOCKER = "run/docker.sock"
_ALIVE = 1  # serf's number of it
_TIMEOUT_SECONDS = 10


class UnwellError(Exception):
    """Something isn't as it should be; the message says what, without any secret."""


class Health:
    """What is to be well on a machine.

    Each check raises until it is: UnwellError, RefusedError, OSError (not there) or BootError (a secret can't be had).

    Args:
        values: Who this machine is.
        root: `/` on a machine.
        consul: Where the agent is.
        nomad: Likewise.
    """

    def __init__(self, values: Values, root: Path, consul: str, nomad: str) -> None:
        self._root = root
        self._urls = consul, nomad
        self._is_server = values.is_server
        self._secrets = Secrets(values)

    def checks(self) -> dict[str, Callable[[], None]]:
        """Return the checks by name, in the order in which things come."""
        if self._is_server:
            return {"Consul": self.consul, "Nomad": self.nomad_server}
        return {"Docker": self.docker, "Consul": self.consul, "Nomad": self.nomad_client}

    def consul(self) -> None:
        """The agent is alive in a cluster with a leader; a server has a vote."""
        agent = self._consul("cluster/acl-consul-agent")
        # The agents' token is made with the access control: before that no agent is listed, and no task is found.
        member = agent.ask("GET", "/v1/agent/self")["Member"]
        if member["Status"] != _ALIVE:
            raise UnwellError(f"serf says {member['Status']} of it, not alive")
        if not agent.ask("GET", "/v1/status/leader", token=""):
            raise UnwellError("there is no leader")
        if self._is_server:
            _has_a_vote(self._consul("cluster/acl-consul"), member["Tags"]["id"])

    def nomad_server(self) -> None:
        """It knows a leader and has a vote."""
        agent = self._nomad(self._secrets.text("cluster/acl-nomad"))
        agent.ask("GET", "/v1/agent/health?type=server", token="")
        _has_a_vote(agent, agent.ask("GET", "/v1/agent/self")["member"]["Tags"]["id"])

    def nomad_client(self) -> None:
        """Its servers would place tasks on it, and its driver works."""
        node, secret = ((self._root / _NODE / name).read_text().strip() for name in ("client-id", "secret-id"))
        # With the node's own secret, which may read this node: machines of tasks hold no token of Nomad's.
        agent = self._nomad(secret)
        try:
            agent.ask("GET", "/v1/agent/health?type=client", token="")
            found = agent.ask("GET", f"/v1/node/{node}")
        except RefusedError as exc:
            raise UnwellError(str(exc).replace(secret, "***")) from None
        if (found["Status"], found["SchedulingEligibility"]) != ("ready", "eligible"):
            raise UnwellError(f"the node is {found['Status']} and {found['SchedulingEligibility']}")
        driver = found["Drivers"].get("docker") or {}
        if not driver.get("Healthy"):
            raise UnwellError(f"its driver for Docker: {driver.get('HealthDescription') or 'not found'}")

    def docker(self) -> None:
        """It answers."""
        if (said := _ping(self._root / _DOCKER)) != "OK":
            raise UnwellError(f"it answers {said[:100]!r}")

    def _consul(self, secret: str) -> Agent:
        return Agent(self._urls[0], "X-Consul-Token", self._secrets.text(secret), self._secrets.clean)

    def _nomad(self, token: str) -> Agent:
        return Agent(self._urls[1], "X-Nomad-Token", token, self._secrets.clean, self._root / TLS / "ca.pem")


def _has_a_vote(agent: Agent, own: str) -> None:
    """A server that has joined isn't yet one that can be counted on: autopilot looks at it for a while."""
    servers: list[dict[str, Any]] = agent.ask("GET", "/v1/operator/raft/configuration")["Servers"]
    if not any(it["ID"] == own and it["Voter"] for it in servers):
        raise UnwellError(f"this server has no vote among {len(servers)}")


def _ping(place: Path) -> str:
    connection = http.client.HTTPConnection("localhost", timeout=_TIMEOUT_SECONDS)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(_TIMEOUT_SECONDS)
        connection.sock.connect(str(place))
        connection.request("GET", "/_ping")
        return connection.getresponse().read().decode(errors="replace").strip()
    except http.client.HTTPException as exc:
        raise UnwellError(f"it breaks off: {exc!r}") from exc
    finally:
        connection.close()
