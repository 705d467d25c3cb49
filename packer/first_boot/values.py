"""What Terraform tells a machine by cloud-init: /etc/votewave/boot.json, without any secret."""

import json
import re
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

ROLES = ("server", "edge", "app")
_PLAIN = re.compile(r"[A-Za-z0-9/_.:-]+")
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+@[0-9]+/[A-Za-z0-9._-]+@[0-9]+")
_OPTIONAL = ("oidc_issuer", "drain_hook", "launch_hook", "github_repository")
_POLL_SECONDS = 2.0


class BootError(Exception):
    """The machine can't be set up; the message says why, without any secret."""


@dataclass(frozen=True)
class Values:
    """The values.

    Attributes:
        environment: Such as "staging".
        role: `server`, `edge` or `app`; the latter two are also Nomad's node class.
        region: Of AWS.
        datacenter: Consul's and Nomad's.
        servers: How many servers there are.
        join_tag_key: By this tag agents find the servers.
        join_tag_value: Its value.
        secret_prefix: Such as "votewave/staging".
        log_group: CloudWatch's.
        oidc_issuer: What workload identities name as their issuer; empty if AWS needn't trust them.
        drain_hook: The Auto Scaling group's lifecycle hook at a machine's end; empty where machines just stop.
        launch_hook: Likewise at its birth; empty where nobody waits for them.
        github_repository: OWNER@ID/NAME@ID whose workflows may deploy; empty for none.
    """

    environment: str
    role: str
    region: str
    datacenter: str
    servers: int
    join_tag_key: str
    join_tag_value: str
    secret_prefix: str
    log_group: str
    oidc_issuer: str = ""
    drain_hook: str = ""
    launch_hook: str = ""
    github_repository: str = ""

    @property
    def is_server(self) -> bool:
        """Whether it runs the servers of Consul and Nomad."""
        return self.role == "server"

    @property
    def retry_join(self) -> str:
        """How agents find the servers."""
        return (
            f"provider=aws region={self.region} addr_type=private_v4 "
            f"tag_key={self.join_tag_key} tag_value={self.join_tag_value}"
        )


def read(path: Path, wait_seconds: float) -> Values:
    """Read the values; cloud-init may still be about to write them.

    Raises:
        BootError: They don't come, or aren't what they should be.
    """
    until = time.monotonic() + wait_seconds
    while not path.exists():
        if time.monotonic() >= until:
            raise BootError(f"{path} isn't there; cloud-init writes it from the launch template's user data.")
        time.sleep(_POLL_SECONDS)
    try:
        given: Any = json.loads(path.read_text())
    except ValueError as exc:
        raise BootError(f"{path} isn't JSON: {exc}") from exc
    return parse(given, str(path))


def parse(given: Any, where: str) -> Values:
    """Check the values.

    Raises:
        BootError: One is missing or wrong.
    """
    if not isinstance(given, dict):
        raise BootError(f"{where}: an object is expected.")
    known = {field.name: given[field.name] for field in fields(Values) if field.name in given}
    try:
        values = Values(**known)
    except TypeError as exc:
        missing = [field.name for field in fields(Values) if field.name not in {*known, *_OPTIONAL}]
        raise BootError(f"{where}: {', '.join(missing)} missing.") from exc
    if values.role not in ROLES:
        raise BootError(f"{where}: role is one of {', '.join(ROLES)}, not {values.role!r}.")
    # From Terraform a number may come as text.
    try:
        servers = int(values.servers)
    except (TypeError, ValueError) as exc:
        raise BootError(f"{where}: servers is a number, not {values.servers!r}.") from exc
    if servers not in {1, 3, 5}:
        raise BootError(f"{where}: 1, 3 or 5 servers can agree, not {servers}.")
    for field in fields(Values):
        value = getattr(values, field.name)
        if field.name == "servers" or (field.name in _OPTIONAL and not value):
            continue
        if field.name == "github_repository" and isinstance(value, str):
            if not _REPOSITORY.fullmatch(value):
                raise BootError(f"{where}: github_repository is OWNER@ID/NAME@ID, not {value!r}.")
        elif not isinstance(value, str) or not _PLAIN.fullmatch(value):
            raise BootError(f"{where}: {field.name} is a plain name, not {value!r}.")
    return Values(**{**known, "servers": servers})
