"""A Consul that answers DNS, which the gateway asks for instances."""

from pathlib import Path
from typing import Any

from cluster_place import Consul, free_ports


class DnsConsul(Consul):
    """As `Consul`, and with DNS that may read services and nodes.

    Attributes:
        dns: Where it answers, HOST:PORT.
    """

    def __init__(self, folder: Path) -> None:
        port = free_ports(1)[0]
        self.dns = f"127.0.0.1:{port}"
        self._dns_port = port
        super().__init__(folder)

    def _configuration(self) -> dict[str, Any]:
        made = super()._configuration()
        made["ports"]["dns"] = self._dns_port
        made["acl"]["tokens"]["dns"] = self.management
        return made
