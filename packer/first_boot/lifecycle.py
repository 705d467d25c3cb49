"""Lifecycle hooks: at a machine's birth and at its end its Auto Scaling group waits until the machine has spoken."""

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.config
import botocore.exceptions

from first_boot.cluster import say
from first_boot.values import BootError, Values

CONTINUE = "CONTINUE"
ABANDON = "ABANDON"
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
        try:
            with urllib.request.urlopen(session, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                token = answer.read().decode()
            request = urllib.request.Request(  # noqa: S310
                f"{self._url}/latest/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token}
            )
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return str(answer.read().decode().strip())
        except urllib.error.HTTPError as exc:
            if exc.code == http.HTTPStatus.NOT_FOUND:
                return None
            raise
        except http.client.HTTPException as exc:
            raise OSError(f"the metadata service breaks off: {exc!r}") from exc


@dataclass(frozen=True)
class Place:
    """Where a machine stands in its group.

    Attributes:
        group: The group's name.
        state: AWS's name of it, such as `Pending:Wait` or `InService`.
    """

    group: str
    state: str


class Scaling:
    """What a machine says to its group.

    Args:
        values: Who this machine is.
        instance: Its id.
    """

    def __init__(self, values: Values, instance: str) -> None:
        config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5)
        self._client: Any = boto3.client("autoscaling", region_name=values.region, config=config)
        self.instance = instance

    def place(self) -> Place:
        """Return where the machine stands.

        Raises:
            BootError: It is in no group, or AWS doesn't say.
        """
        try:
            found = self._client.describe_auto_scaling_instances(InstanceIds=[self.instance])["AutoScalingInstances"]
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as exc:
            raise BootError(f"The Auto Scaling group of {self.instance} can't be found: {exc}") from exc
        if not found:
            raise BootError(f"{self.instance} is in no Auto Scaling group.")
        return Place(str(found[0]["AutoScalingGroupName"]), str(found[0].get("LifecycleState", "")))

    @contextmanager
    def kept_waiting(self, hook: str, group: str) -> Iterator[None]:
        """Keep the group waiting for as long as this lasts: a machine that falls silent has a few minutes."""
        over = threading.Event()

        def keep_waiting() -> None:
            while not over.wait(_HEARTBEAT_SECONDS):
                try:
                    self._client.record_lifecycle_action_heartbeat(**self._names(hook, group))
                except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as exc:
                    say(f"the group took no heartbeat: {exc}")

        threading.Thread(target=keep_waiting, daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def complete(self, hook: str, group: str, result: str) -> None:
        """Tell the group that it need wait no longer.

        Raises:
            BootError: It can't be told.
        """
        try:
            self._client.complete_lifecycle_action(**self._names(hook, group), LifecycleActionResult=result)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as exc:
            raise BootError(f"The group can't be told {result} of {self.instance}: {exc}") from exc

    def _names(self, hook: str, group: str) -> dict[str, str]:
        return {"LifecycleHookName": hook, "AutoScalingGroupName": group, "InstanceId": self.instance}
