"""Leave in order when the Auto Scaling group takes the machine away: a scale-in, a new image, old age.

The group waits for its lifecycle hook. Nomad and Consul leave the cluster on SIGTERM (a client moves its tasks
before that); a mere restart of theirs sends SIGINT, and is none.
"""

import http.client
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions

from first_boot.cluster import say
from first_boot.values import BootError, Values

UNITS = ("nomad", "consul")
_LEAVE = "[Service]\nKillSignal=SIGTERM\nTimeoutStopSec=15min\nRestart=no\n"
_POLL_SECONDS = 5.0
_HEARTBEAT_SECONDS = 60.0
_TIMEOUT_SECONDS = 5


class Metadata:
    """The machine's metadata service, version 2.

    Args:
        url: Where it is.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str) -> str | None:
        """Return a value; None if there is none.

        Raises:
            OSError: The service can't be asked.
        """
        session = urllib.request.Request(  # noqa: S310
            f"{self._url}/latest/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        )
        with urllib.request.urlopen(session, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            token = answer.read().decode()
        request = urllib.request.Request(  # noqa: S310
            f"{self._url}/latest/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token}
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return str(answer.read().decode().strip())
        except urllib.error.HTTPError as exc:
            if exc.code == http.HTTPStatus.NOT_FOUND:
                return None
            raise


def watch(values: Values, root: Path, url: str) -> None:
    """Wait for the end, then leave.

    Args:
        values: Who this machine is.
        root: `/` on a machine.
        url: Of the metadata service.

    Raises:
        BootError: The units can't be stopped, or the group can't be told.
    """
    if not values.drain_hook:
        say("no lifecycle hook: nothing to wait for")
        return
    metadata = Metadata(url)
    while True:
        try:
            state = metadata.get("autoscaling/target-lifecycle-state")
        except (OSError, http.client.HTTPException) as exc:
            say(f"the metadata service doesn't answer: {exc}")
            state = None
        if state == "Terminated":
            break
        time.sleep(_POLL_SECONDS)
    instance = metadata.get("instance-id") or ""
    say(f"{instance} is to go: leaving")
    leave(values, root, instance)


def leave(values: Values, root: Path, instance: str) -> None:
    """Stop in order, and tell the group, which is kept waiting meanwhile.

    Raises:
        BootError: The units can't be stopped, or the group can't be told.
    """
    config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5)
    scaling = boto3.client("autoscaling", region_name=values.region, config=config)
    try:
        found = scaling.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as exc:
        raise BootError(f"The Auto Scaling group of {instance} can't be found: {exc}") from exc
    if not found:
        raise BootError(f"{instance} is in no Auto Scaling group.")
    hook = {
        "LifecycleHookName": values.drain_hook,
        "AutoScalingGroupName": found[0]["AutoScalingGroupName"],
        "InstanceId": instance,
    }
    over = threading.Event()

    def keep_waiting() -> None:
        while not over.wait(_HEARTBEAT_SECONDS):
            try:
                scaling.record_lifecycle_action_heartbeat(**hook)
            except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as exc:
                say(f"the group took no heartbeat: {exc}")

    threading.Thread(target=keep_waiting, daemon=True).start()
    try:
        for unit in UNITS:
            stop(root, unit)
            say(f"{unit} has left")
    finally:
        # Even if a step failed: the cluster copes with a machine that vanishes, but one that never ends costs money.
        over.set()
        try:
            scaling.complete_lifecycle_action(**hook, LifecycleActionResult="CONTINUE")
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as exc:
            raise BootError(f"The group can't be told that {instance} has left: {exc}") from exc
    say(f"{instance} has left; the group knows")


def stop(root: Path, unit: str) -> None:
    """Stop a unit so that it leaves.

    Raises:
        BootError: It can't be stopped.
    """
    drop_in = root / f"run/systemd/system/{unit}.service.d/leave.conf"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(_LEAVE)
    for command in (["systemctl", "daemon-reload"], ["systemctl", "stop", f"{unit}.service"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise BootError(f"{' '.join(command)}: {done.stderr.strip()}")
