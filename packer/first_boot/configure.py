"""Write what Consul, Nomad and CloudWatch's agent read: settings from boot.json, secrets from Secrets Manager."""

import grp
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from first_boot.secretstore import Secrets
from first_boot.values import Values

TLS = Path("etc/votewave/tls")
TASK_LOGS = "/votewave/{environment}/tasks"


class Writer:
    """Writes files below a root, each whole or not at all.

    Args:
        root: `/` on a machine.
        chown: Whether files get their group; only root can.
    """

    def __init__(self, root: Path, *, chown: bool) -> None:
        self._root = root
        self._chown = chown
        self.changed: list[str] = []

    def text(self, path: Path | str, content: str, mode: int, group: str = "root") -> None:
        """Write a text, unless it is there already.

        Raises:
            OSError: It can't be written.
        """
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text() != content:
            self.changed.append(str(path))
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(content)
            if self._chown:
                os.chown(name, 0, grp.getgrnam(group).gr_gid)
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def json(self, path: Path | str, content: dict[str, Any], mode: int, group: str) -> None:
        """Write JSON; see `text`."""
        self.text(path, json.dumps(content, indent=2, sort_keys=True) + "\n", mode, group)

    def remove(self, path: Path | str) -> None:
        """Remove a file of another role, if it is there."""
        (self._root / path).unlink(missing_ok=True)


def configure(values: Values, secrets: Secrets, writer: Writer) -> None:
    """Write all; running it again changes what has changed.

    Raises:
        BootError: A secret can't be had.
        OSError: A file can't be written.
    """
    certificate, key = secrets.pair("cluster/tls-server" if values.is_server else "cluster/tls-client")
    writer.text(TLS / "ca.pem", secrets.text("cluster/tls-ca") + "\n", 0o644, "votewave-tls")
    writer.text(TLS / "agent.pem", certificate, 0o644, "votewave-tls")
    writer.text(TLS / "agent-key.pem", key, 0o640, "votewave-tls")
    if values.role == "edge":
        gateway, gateway_key = secrets.pair("cluster/tls-gateway")
        # HAProxy reads both from one file, as the account in its container, which has root's group.
        writer.text(TLS / "gateway.pem", gateway + gateway_key, 0o640)
    writer.json("etc/consul.d/boot.json", _consul(values), 0o640, "consul")
    writer.json("etc/consul.d/secrets.json", _consul_secrets(values, secrets), 0o640, "consul")
    group = "nomad" if values.is_server else "root"
    writer.json("etc/nomad.d/boot.json", _nomad(values), 0o640, group)
    writer.json("etc/nomad.d/secrets.json", _nomad_secrets(values, secrets), 0o640, group)
    writer.json(
        "opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.d/file_votewave.json",
        _cloudwatch(values),
        0o644,
        "root",
    )


def _consul(values: Values) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "datacenter": values.datacenter,
        "retry_join": [values.retry_join],
        "node_meta": {"role": values.role},
    }
    if values.is_server:
        settings["bootstrap_expect"] = values.servers
    return settings


def _consul_secrets(values: Values, secrets: Secrets) -> dict[str, Any]:
    agent = secrets.text("cluster/acl-consul-agent")
    # DNS answers with what an agent may see: the gateway asks without a token.
    tokens = {"agent": agent, "dns": agent}
    if values.is_server:
        # The same on all servers, so that none has to be the first: whichever leads makes the token.
        tokens["initial_management"] = secrets.text("cluster/acl-consul")
    return {"encrypt": secrets.text("cluster/gossip-consul"), "acl": {"tokens": tokens}}


def _nomad(values: Values) -> dict[str, Any]:
    join = {"retry_join": [values.retry_join], "retry_max": 0, "retry_interval": "10s"}
    settings: dict[str, Any] = {"datacenter": values.datacenter}
    if values.is_server:
        settings["server"] = {"enabled": True, "bootstrap_expect": values.servers, "server_join": join}
        if values.oidc_issuer:
            settings["server"]["oidc_issuer"] = values.oidc_issuer
        return settings
    settings["client"] = {"enabled": True, "node_class": values.role, "server_join": join}
    if values.role == "edge":
        settings["client"]["host_volume"] = {
            "gateway-certificate": {"path": f"/{TLS}/gateway.pem", "read_only": True},
        }
    settings["plugin"] = {"docker": {"config": docker(values)}}
    return settings


def docker(values: Values) -> dict[str, Any]:
    """How Nomad runs containers.

    All of it is here, not in the image's files: of two blocks for one plugin Nomad takes the last and no other.
    """
    return {
        "auth": {"helper": "ecr-login"},
        "allow_privileged": False,
        "allow_caps": ["chown", "dac_override", "fowner", "kill", "net_bind_service", "setgid", "setuid"],
        "pull_activity_timeout": "2m",
        # Containers can mount nothing of the machine but declared host volumes.
        "volumes": {"enabled": False},
        "gc": {"image_delay": "30m"},
        "extra_labels": ["job_name", "task_name", "node_name"],
        # Without this, Nomad chooses json-file for each container, whatever Docker's own default is. Docker sends the
        # logs with the machine's role, without making tasks wait for CloudWatch, and keeps a little for `nomad alloc
        # logs`.
        "logging": {
            "type": "awslogs",
            "config": {
                "awslogs-group": TASK_LOGS.format(environment=values.environment),
                "awslogs-region": values.region,
                "tag": "{{.Name}}",  # the stream: the task's name and its allocation
                "mode": "non-blocking",
                "max-buffer-size": "4m",
                "cache-max-file": "2",
                "cache-max-size": "10m",
            },
        },
    }


def _nomad_secrets(values: Values, secrets: Secrets) -> dict[str, Any]:
    settings: dict[str, Any] = {"consul": {"token": secrets.text("cluster/acl-consul-nomad")}}
    if values.is_server:
        settings["server"] = {"encrypt": secrets.text("cluster/gossip-nomad")}
    return settings


def _cloudwatch(values: Values) -> dict[str, Any]:
    """What of the machine is logged where. Tasks' logs go by Docker, see `docker`."""
    files = {
        "consul": "/var/log/consul/*.log",
        "nomad": "/var/log/nomad/*.log",
        "audit": "/var/log/audit/audit.log",
        "cloud-init": "/var/log/cloud-init-output.log",
        "ready": "/var/log/votewave/ready.log",
        "upgrades": "/var/log/unattended-upgrades/unattended-upgrades.log",
    }
    collect = [
        {"file_path": path, "log_group_name": values.log_group, "log_stream_name": f"{{instance_id}}/{name}"}
        for name, path in files.items()
    ]
    measure = {
        "mem": {"measurement": ["mem_used_percent"]},
        "disk": {"measurement": ["used_percent"], "resources": ["/"]},
        "swap": {"measurement": ["swap_used_percent"]},
    }
    return {
        "agent": {"metrics_collection_interval": 60},
        "logs": {"logs_collected": {"files": {"collect_list": collect}}},
        "metrics": {
            "namespace": f"VoteWave/{values.environment}",
            "append_dimensions": {"InstanceId": "${aws:InstanceId}"},
            "aggregation_dimensions": [["InstanceId"]],
            "metrics_collected": measure,
        },
    }
