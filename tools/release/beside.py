"""Releases what isn't a service: the gateway, the reports and the autoscaler. They have no canaries and no gate."""

from collections.abc import Sequence
from typing import Any

from tools.release.autoscaler import run_autoscaler
from tools.release.errors import RefusedError, ReleaseError
from tools.release.migrating import short
from tools.release.nomad import Allocation
from tools.release.release import RELEASED, UNCHANGED
from tools.release.steps import Steps, until
from tools.release.target import LOCAL, NAMES, Target, job_of

GATEWAY, REPORTS, AUTOSCALER = BESIDE = ("gateway", "reports", "autoscaler")

_GATEWAY_SECONDS = 1800.0
"""One machine after the other, of six at most; each lets its connections end."""


class Beside:
    """These jobs' release to a version.

    Args:
        target: The environment.
        version: The version.
        steps: Records each step.
    """

    def __init__(self, target: Target, version: str, steps: Steps) -> None:
        self._target = target
        self._nomad = target.nomad
        self._version = version
        self._steps = steps

    def wanted(self) -> list[str]:
        """Return which of them there are to be: in AWS all; in the local cluster those that it runs already."""
        return [name for name in BESIDE if self._target.environment != LOCAL or self.runs(name)]

    def runs(self, name: str) -> bool:
        """Return whether one runs, in any version."""
        present = self._nomad.job(job_of(name))
        return present is not None and not present.stop

    def look(self, names: Sequence[str]) -> None:
        """Refuse, before anything is touched, what couldn't be released.

        Raises:
            RefusedError: An image isn't known, or isn't in our registry.
            ReleaseError: A jobspec or its values are wrong.
        """
        for name in names:
            job = self._render(name)
            tasks = [task for group in job.get("TaskGroups", []) for task in group.get("Tasks") or []]
            images = {(task.get("Config") or {}).get("image") for task in tasks if task["Driver"] == "docker"}
            if not all(images):
                raise RefusedError(
                    f"{name}: nomad/env/{self._target.environment}.hcl names no image of it: docs/operations/aws.md "
                    f"has how to find its digest."
                )
            for image in sorted(images):
                # Of others, but in our registry.
                registry, _, digest = str(image).partition("@sha256:")
                if digest and ".ecr." in registry and not self._target.has_image(NAMES["mirror_prefix"] + digest):
                    raise RefusedError(
                        f"{name}: the registry doesn't have {image}: `./just pipeline image mirror --env "
                        f"{self._target.environment}` copies it."
                    )

    def run(self, name: str) -> str:
        """Release one of them and wait until it is well; return `released` or `unchanged`.

        Raises:
            ReleaseError: It doesn't get well, or Nomad doesn't take it.
        """
        if name == AUTOSCALER:
            return RELEASED if run_autoscaler(self._target, self._steps) else UNCHANGED
        changed = self.begin(name)
        if name == GATEWAY:
            self.settle()
        return RELEASED if changed else UNCHANGED

    def begin(self, name: str) -> bool:
        """Register a job if that changes anything; return whether it did."""
        with self._steps.step(name, "run", short(self._version)) as say:
            job = self._render(name)
            present = self._nomad.job(job["ID"])
            if present is not None and not present.stop:
                diff = self._nomad.plan(job).diff or {}
                if diff.get("Type") == "None":
                    say("it runs already")
                    return False
            self._nomad.register(job, present.job_modify_index if present else 0)
            say("registered")
            return True

    def settle(self) -> None:
        """Wait until the gateway's newest version is healthy on every machine that has one.

        Raises:
            ReleaseError: Its rollout has stopped. It isn't reverted by itself (docs/decisions/0019).
        """
        with self._steps.step(GATEWAY, "rollout", "one machine after the other") as say:
            placed = until(self._settled, "A healthy gateway on every edge machine", _GATEWAY_SECONDS)
            say(f"{len(placed)} healthy")

    def _settled(self) -> list[Allocation] | None:
        name = job_of(GATEWAY)
        present = self._nomad.job(name)
        if present is None or present.stop:
            raise ReleaseError(f"{name} was stopped by somebody else meanwhile.")
        placed = [one for one in self._nomad.allocations(name) if one.desired_status == "run" and not one.over]
        new = [one for one in placed if one.job_version == present.version]
        # The allocations are asked and not the deployment alone, which may fail although every gateway is healthy.
        if new and len(new) == len(placed) and all(_healthy(one) for one in new):
            return new
        deployment = self._nomad.deployment_of(name)
        if deployment is not None and deployment.job_version == present.version and not deployment.active:
            raise ReleaseError(
                f"The gateway's rollout stopped at {len([one for one in new if _healthy(one)])} of {len(placed)} "
                f"machines: {deployment.description} Services are as they were. The others keep the former gateway: "
                f"look with nomad alloc logs, then nomad job history {name} and nomad job revert {name} VERSION."
            )
        return None

    def _render(self, name: str) -> dict[str, Any]:
        return self._target.render(name, version=self._version)


def _healthy(one: Allocation) -> bool:
    if one.deployment_id:
        return one.deployment_status is not None and one.deployment_status.healthy is True
    return one.client_status == "running"  # of a machine that came after the rollout: no deployment judged it
