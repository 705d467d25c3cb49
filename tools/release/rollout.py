"""Starts, watches, promotes and fails one service's deployments. Nomad alone holds their state."""

import time
from typing import Any

from tools.release.errors import RejectedError, ReleaseError, SupersededError
from tools.release.history import is_return
from tools.release.migrating import short
from tools.release.nomad import CANCELLED, Deployment, Job
from tools.release.steps import Say, Steps, until
from tools.release.target import Target, job_of

_APPEARS_SECONDS = 60.0
_SUCCEEDS_SECONDS = 1800.0
_RESTORE_SECONDS = 300.0

_KEPT = 5  # versions that can be returned to


class Rollout:
    """One service's deployments, as releases and rollbacks handle them.

    Args:
        target: The environment.
        service: The service.
        steps: Records each step.
    """

    def __init__(self, target: Target, service: str, steps: Steps) -> None:
        self._nomad = target.nomad
        self._service = service
        self._steps = steps
        self._job = job_of("service", service)

    def present(self) -> Job:
        """Return the job as it is."""
        job = self._nomad.job(self._job)
        if job is None:
            raise ReleaseError(f"The job {self._job} is gone.")
        return job

    def versions(self) -> list[Job]:
        """Return the job's versions, the newest first."""
        return self._nomad.versions(self._job)

    def latest(self) -> Deployment | None:
        """Return its latest deployment; None if there was none."""
        return self._nomad.deployment_of(self._job)

    def begin(self, job: dict[str, Any], index: int) -> Deployment | None:
        """Register a job; return its deployment, or None if the change needs none.

        Args:
            job: The whole job.
            index: The present job's index, so that nobody else's change is overwritten.

        Raises:
            SupersededError: Somebody changed the job right afterwards.
            ReleaseError: Nomad refuses the job.
        """
        with self._steps.step(self._service, "run", "a canary beside what runs"):
            self._keep_present()
            registered = self._nomad.register(job, index)
            ours = next((one for one in self.versions() if one.job_modify_index == registered), None)
            number = (ours or self.present()).version

            def appeared() -> tuple[Deployment | None] | None:
                deployment = self.latest()
                if deployment is not None and deployment.job_version == number:
                    return (deployment,)
                if self.present().version > number:
                    raise SupersededError(self._superseded())
                placed = [one for one in self._nomad.allocations(self._job) if one.desired_status == "run"]
                updated = placed and all(one.job_version >= number for one in placed)
                return (None,) if updated and not (deployment and deployment.active) else None

            return until(appeared, f"{self._service}'s deployment", _APPEARS_SECONDS)[0]

    def _keep_present(self) -> None:
        """Tag the last good version: each of the autoscaler's changes is a version, too, and Nomad keeps only a few."""
        versions = self.versions()
        good = next((job for job in versions if job.good), None)
        if good is None:
            return
        kept = [job for job in versions if job.tag]
        if not any(job.release == good.release for job in kept):
            self._nomad.keep(self._job, good.version, good.release)
        for job in kept[_KEPT - 1 :]:
            if job.tag:
                self._nomad.let_go(self._job, job.tag.name)

    def healthy_canaries(self, deployment: Deployment) -> int | None:
        """Return how many canaries are healthy, once all are.

        Raises:
            RejectedError: A canary is unhealthy.
        """
        now = self.alive(deployment)
        placed = self._nomad.allocations_of(deployment.id)
        if unwell := next((one for one in placed if one.unhealthy), None):
            raise RejectedError(f"a canary doesn't get well: {unwell.story()}")
        found = len([one for one in placed if one.healthy_canary])
        return found if now.canaries and found >= now.canaries else None

    def promote(self, deployment: Deployment) -> None:
        """Promote the canaries: the other instances are replaced as well."""
        with self._steps.step(self._service, "promote", "the others follow the canaries"):
            self._nomad.promote(deployment.id)

    def finish(self, deployment: Deployment) -> None:
        """Wait until every instance runs the deployment's version.

        Raises:
            RejectedError: Nomad failed the deployment.
        """
        with self._steps.step(self._service, "rollout", "until every instance is of this version") as say:

            def successful() -> bool | None:
                return True if self.alive(deployment).status == "successful" else None

            until(successful, f"{self._service}'s rollout", _SUCCEEDS_SECONDS)
            say(f"{self.present().count} instances")

    def alive(self, deployment: Deployment) -> Deployment:
        """Return a deployment as it is now.

        Raises:
            RejectedError: Nomad has given it up.
            SupersededError: Somebody else has changed the job, or stopped it.
        """
        now = self._nomad.deployment(deployment.id)
        if now.active or now.status == "successful":
            return now
        if now.status == CANCELLED:
            raise SupersededError(self._superseded())
        stories = [one.story() for one in self._nomad.allocations_of(deployment.id)]
        said = f" Its instances: {stories[-1]}" if any(stories) else ""
        raise RejectedError(f"Nomad has given it up: {now.description}.{said}")

    def settle(self, deployment: Deployment) -> None:
        """Wait until a deployment that only changes counts has ended, successfully or not."""
        with self._steps.step(self._service, "wait", "the number of instances is being changed") as say:

            def over() -> Deployment | None:
                now = self._nomad.deployment(deployment.id)
                return None if now.active else now

            say(until(over, "Its end", _SUCCEEDS_SECONDS).description)

    def fail_back(self, deployment: Deployment, say: Say) -> None:
        """Fail a deployment and wait until only the former stable version runs again.

        Args:
            deployment: An active deployment, or one that Nomad has failed.
            say: Reports the version that runs afterwards.

        Raises:
            SupersededError: Somebody else changed the job; what they deployed is left alone.
            ReleaseError: There is no former version, it doesn't become healthy, or it takes too long.
        """
        self._end(deployment)

        def restored() -> bool | None:
            latest = self.latest()
            if latest is None or latest.id == deployment.id:
                return None
            if not is_return(self.versions(), latest.job_version):
                raise SupersededError(self._superseded())
            if latest.active:
                self.promote_if_well(latest)
                return None
            if latest.status == CANCELLED:
                return None  # a further change is under way, of counts at best
            if latest.status != "successful":
                raise ReleaseError(
                    f"{self._service}: the way back to {short(self.present().release)} failed, too: "
                    f"{latest.description}. Users may meet both versions: nomad job status {self._job}"
                )
            left = [one for one in self._nomad.allocations_of(deployment.id) if one.desired_status == "run"]
            return None if any(one.job_version == deployment.job_version for one in left) else True

        until(restored, f"{self._service}'s return to the former version", _RESTORE_SECONDS)
        say(f"{short(self.present().release)} runs as before")

    def _end(self, deployment: Deployment) -> None:
        """Fail a deployment, unless it has already ended.

        Raises:
            SupersededError: Somebody's change of the job cancelled it.
            ReleaseError: It succeeded in the meantime, or Nomad has no version to revert to.
        """
        now = self._nomad.deployment(deployment.id)
        if now.active:
            try:
                self._nomad.fail(deployment.id)
            except ReleaseError:
                if self._nomad.deployment(deployment.id).active:
                    raise
            now = self._nomad.deployment(deployment.id)
        if now.status == CANCELLED:
            raise SupersededError(self._superseded())
        if now.status == "successful":
            raise ReleaseError(f"{self._service}: the deployment has succeeded meanwhile; run the command again.")
        versions = self.versions()
        if versions and versions[0].version == deployment.job_version:
            why = "there is no former version to return to"
            if any(job.stable for job in versions):
                why = f"Nomad returns to nothing ({now.description})"
            raise ReleaseError(
                f"{self._service}: {why}. What was started is left as it is; nomad job stop {self._job} ends it."
            )

    def promote_if_well(self, deployment: Deployment) -> None:
        """Promote a revert whose canaries are healthy: if it replaces instances, it has canaries for us to promote."""
        placed = self._nomad.allocations_of(deployment.id)
        healthy = len([one for one in placed if one.healthy_canary])
        if deployment.canaries and not deployment.promoted and healthy >= deployment.canaries:
            try:
                self._nomad.promote(deployment.id)
            except ReleaseError:
                now = self._nomad.deployment(deployment.id)
                if now.active and not now.promoted:
                    raise  # else somebody else was faster

    def _superseded(self) -> str:
        job = self.present()
        does = "was stopped" if job.stop else f"was changed ({short(job.release) or 'without a version'})"
        return (
            f"{self._service}: superseded: the job {does} by somebody else meanwhile, and what runs now is theirs. "
            f"Nothing of it was promoted; look: nomad job status {self._job}"
        )


def again(job: dict[str, Any]) -> None:
    """Change a job's meta so that Nomad deploys it again: it ignores an unchanged job even if its deployment failed."""
    job["Meta"] = {**(job.get("Meta") or {}), "again": f"{time.time_ns()}"}


def keep_counts(job: dict[str, Any], present: Job | None, *, fixed: bool) -> None:
    """Set a job's counts to those that run now, within the limits of its scaling block.

    Args:
        job: The whole job.
        present: The job that runs; with None the job's own counts stay.
        fixed: Whether groups without a scaling block keep the present count, too; otherwise the job's own is used.
    """
    if present is None or present.stop:
        return
    counts = {group.name: group.count for group in present.task_groups or []}
    for group in job["TaskGroups"]:
        scaling = group.get("Scaling")
        if group["Name"] not in counts or not (scaling or fixed):
            continue
        count = counts[group["Name"]]
        group["Count"] = min(max(count, scaling["Min"]), scaling["Max"]) if scaling else count
