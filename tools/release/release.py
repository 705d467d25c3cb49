"""A version's way to users, and back. Where it stands is in Nomad alone, so it can be taken up again anywhere."""

import re
import time
from typing import Any

from tools.release.errors import LateError, RefusedError, RejectedError, ReleaseError
from tools.release.gate import Gate
from tools.release.migrating import migrate, short
from tools.release.nomad import Deployment, Job, Plan
from tools.release.steps import Steps, until
from tools.release.target import Target, job_of

_APPEARS_SECONDS = 60.0
CANARIES_SECONDS = 180.0
"""How long canaries may take to be healthy; Nomad itself would wait for its progress deadline, and so do users."""

_ROLLOUT_SECONDS = 1800.0
_RESTORE_SECONDS = 300.0

_KEPT = 5  # versions that can be returned to
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")

RELEASED, UNCHANGED, RETURNED = "released", "unchanged", "returned"


class Release:
    """One service's release.

    Args:
        target: Where.
        service: Whose.
        version: Which.
        steps: Told of each step.
        gate: Tries the canaries; None leaves that out.
        patience: How many seconds canaries may take to be healthy.
    """

    def __init__(
        self,
        target: Target,
        service: str,
        version: str,
        steps: Steps,
        gate: Gate | None,
        patience: float = CANARIES_SECONDS,
    ) -> None:
        self._target = target
        self._nomad = target.nomad
        self._service = service
        self._version = version
        self._steps = steps
        self._gate = gate
        self._patience = patience
        self._job = job_of("service", service)

    def run(self, *, migrated: bool = False, allow_contract: str = "") -> str:
        """Release it, or go on with a release that was broken off; return `released` or `unchanged`.

        Args:
            migrated: Whether its migrations have been run just now.
            allow_contract: Why they may take away what running code may use.

        Raises:
            RefusedError: Something speaks against beginning.
            RejectedError: The new version isn't good enough, and was taken back.
            ReleaseError: It can't go on.
        """
        deployment = self.under_way()
        if deployment is not None:
            with self._step("resume", f"the release of {short(self._version)} that was begun") as say:
                say(f"it has been {'promoted' if deployment.promoted else 'started'}: {deployment.description}")
            self.follow(deployment)
            return RELEASED
        if not migrated:
            migrate(self._target, [self._service], self._version, self._steps, allow_contract=allow_contract)
        job, index = self._plan()
        if job is None:
            return UNCHANGED
        begun = self.begin(job, index)
        if begun is not None:
            self.follow(begun)
        return RELEASED

    def under_way(self) -> Deployment | None:
        """Return this version's deployment if it is at work.

        Raises:
            RefusedError: Another one is.
        """
        deployment = self._nomad.deployment_of(self._job)
        if deployment is None or not deployment.active:
            return None
        version = self._release_of(deployment)
        if version != self._version:
            raise RefusedError(
                f"{self._service}: a deployment of {short(version) or 'another version'} is at work "
                f"({deployment.description}). Wait for its end, or end it: "
                f"./just release rollback --env {self._target.environment} --service {self._service}"
            )
        return deployment

    def _release_of(self, deployment: Deployment) -> str:
        versions = self._nomad.versions(self._job)
        return next((job.release for job in versions if job.version == deployment.job_version), "")

    def _plan(self) -> tuple[dict[str, Any] | None, int]:
        """Return the job and the index to hold it against; None for the job if nothing would change."""
        with self._step("plan", f"what {short(self._version)} changes") as say:
            job = self._target.render("service", service=self._service, version=self._version)
            present = self._nomad.job(self._job)
            _keep_counts(job, present)
            plan = self._nomad.plan(job)
            if plan.failed_t_g_allocs:
                raise RefusedError(f"{self._service}: there is no room for it: {_no_room(plan)}")
            changes = _changes(plan.diff or {})
            for line in changes or ["nothing"]:
                say(line)
            if changes or present is None or present.stop:
                return job, plan.job_modify_index
            latest = self._nomad.deployment_of(self._job)
            if latest is not None and latest.status != "successful":
                say(f"it is what Nomad has, and it didn't get well ({latest.description}); once more")
                again(job)
                return job, plan.job_modify_index
            return None, plan.job_modify_index

    def begin(self, job: dict[str, Any], index: int) -> Deployment | None:
        """Give Nomad a job; return its deployment, None if it takes none."""
        with self._step("run", "a canary beside what runs"):
            self._keep_present()
            self._nomad.register(job, index)
            number = self._present().version

            def appeared() -> tuple[Deployment | None] | None:
                deployment = self._nomad.deployment_of(self._job)
                if deployment is not None and deployment.job_version >= number:
                    return (deployment,)
                placed = [one for one in self._nomad.allocations(self._job) if one.desired_status == "run"]
                updated = placed and all(one.job_version >= number for one in placed)
                return (None,) if updated and not (deployment and deployment.active) else None

            return until(appeared, f"{self._service}'s deployment", _APPEARS_SECONDS)[0]

    def _keep_present(self) -> None:
        """Have Nomad remember what runs now: the autoscaler's changes are versions, too, and push others out."""
        versions = self._nomad.versions(self._job)
        if not versions or not versions[0].stable or not versions[0].release:
            return
        kept = [job for job in versions if job.tag]
        if not any(job.release == versions[0].release for job in kept):
            self._nomad.keep(self._job, versions[0].version, versions[0].release)
        for job in kept[_KEPT - 1 :]:
            if job.tag:
                self._nomad.let_go(self._job, job.tag.name)

    def follow(self, deployment: Deployment) -> None:
        """Take a deployment from wherever it stands to its end."""
        if not deployment.promoted or not deployment.groups:
            self._await_canaries(deployment)
            self._try_canaries(deployment)
            with self._step("promote", "the others follow the canaries"):
                self._nomad.promote(deployment.id)
        self._finish(deployment)

    def _await_canaries(self, deployment: Deployment) -> None:
        with self._step("canaries", "until they are healthy") as say:

            def healthy() -> int | None:
                now = self._alive(deployment)
                placed = self._nomad.allocations_of(deployment.id)
                if unwell := next((one for one in placed if one.unhealthy), None):
                    raise RejectedError(f"a canary doesn't get well: {unwell.story()}")
                found = len([one for one in placed if one.healthy_canary])
                return found if now.canaries and found >= now.canaries else None

            try:
                count = until(healthy, "a healthy canary", self._patience)
            except LateError:
                self._reject(deployment, f"no healthy canary within {self._patience:.0f} s")
            except RejectedError as exc:
                self._reject(deployment, str(exc))
            say(f"{count} healthy")

    def _try_canaries(self, deployment: Deployment) -> None:
        if self._gate is None:
            with self._step("gate", "left out, as was said"):
                return
        with self._step("gate", "load on the canaries alone") as say:

            def over() -> str | None:
                now = self._nomad.deployment(deployment.id)
                return None if now.active else f"a canary didn't stay well: {now.description}"

            reason = self._gate.verdict(self._target, self._service, over, say)
            if reason:
                self._reject(deployment, reason)
            say("good enough")

    def _finish(self, deployment: Deployment) -> None:
        with self._step("rollout", "until every instance is of this version") as say:

            def successful() -> bool | None:
                return True if self._alive(deployment).status == "successful" else None

            try:
                until(successful, f"{self._service}'s rollout", _ROLLOUT_SECONDS)
            except RejectedError as exc:
                self._reject(deployment, str(exc))
            say(f"{self._present().count} instances")

    def _alive(self, deployment: Deployment) -> Deployment:
        """Return a deployment as it is now.

        Raises:
            RejectedError: Nomad has given it up.
        """
        now = self._nomad.deployment(deployment.id)
        if now.active or now.status == "successful":
            return now
        stories = [one.story() for one in self._nomad.allocations_of(deployment.id)]
        said = f" Its instances: {stories[-1]}" if any(stories) else ""
        raise RejectedError(f"Nomad has given it up: {now.description}.{said}")

    def _reject(self, deployment: Deployment, reason: str) -> None:
        """Take a version back.

        Raises:
            RejectedError: Always, once users have the former version alone.
        """
        with self._step("fail back", reason) as say:
            self.fail_back(deployment)
            say(f"{short(self._present().release)} runs as before")
        raise RejectedError(f"{self._service}: {short(self._version)} is rejected: {reason}")

    def fail_back(self, deployment: Deployment) -> None:
        """End a deployment and wait until Nomad has returned to the last stable version.

        Raises:
            ReleaseError: There is none, or it takes too long.
        """
        if self._nomad.deployment(deployment.id).active:
            self._nomad.fail(deployment.id)
        if not any(job.stable for job in self._nomad.versions(self._job)):
            raise ReleaseError(
                f"{self._service}: there is no former version to return to. What was started is left as it is; "
                f"nomad job stop {self._job} ends it."
            )

        def restored() -> bool | None:
            latest = self._nomad.deployment_of(self._job)
            if latest is not None and latest.id != deployment.id and latest.active:
                self._promote_if_well(latest)
                return None
            left = [one for one in self._nomad.allocations_of(deployment.id) if one.desired_status == "run"]
            mine = [one for one in left if one.job_version == deployment.job_version]
            return True if self._present().version > deployment.job_version and not mine else None

        until(restored, f"{self._service}'s return to the former version", _RESTORE_SECONDS)

    def _promote_if_well(self, deployment: Deployment) -> None:
        """Promote the way back: once some were replaced, it begins with a canary, too, and nobody else does."""
        placed = self._nomad.allocations_of(deployment.id)
        healthy = len([one for one in placed if one.healthy_canary])
        if deployment.canaries and not deployment.promoted and healthy >= deployment.canaries:
            self._nomad.promote(deployment.id)

    def _present(self) -> Job:
        job = self._nomad.job(self._job)
        if job is None:
            raise ReleaseError(f"The job {self._job} is gone.")
        return job

    def _step(self, name: str, what: str) -> Any:
        return self._steps.step(self._service, name, what)


def roll_back(target: Target, service: str, steps: Steps, to: str = "") -> tuple[str, str]:
    """Return to a version that was stable, without migrations and without a gate; counts stay as they are.

    Args:
        target: Where.
        service: Whose.
        steps: Told of each step.
        to: Which version; the last that was stable before the present one by default.

    Returns:
        `returned`, and the version that runs then.

    Raises:
        RefusedError: There is none.
    """
    name, nomad = job_of("service", service), target.nomad
    present = nomad.job(name)
    if present is None:
        raise RefusedError(f"{service} was never released in {target.environment}.")
    deployment = nomad.deployment_of(name)
    if deployment is not None and deployment.active:
        release = Release(target, service, present.release, steps, None)
        if any(job.stable and job.release == present.release for job in nomad.versions(name)):
            release.follow(deployment)  # it is a way back already, that was broken off
            return RETURNED, present.release
        with steps.step(service, "fail back", "the deployment that is at work is ended"):
            release.fail_back(deployment)
        found = nomad.job(name)
        return RETURNED, found.release if found else ""
    former = [job for job in nomad.versions(name) if job.stable and job.release != present.release]
    wanted = next((job for job in former if not to or job.release == to), None)
    if wanted is None:
        known = ", ".join(dict.fromkeys(short(job.release) for job in former)) or "none"
        raise RefusedError(f"{service}: no such version was stable here; those that Nomad still knows: {known}.")
    release = Release(target, service, wanted.release, steps, None)
    job = nomad.specification(name, wanted.version)
    again(job)
    begun = release.begin(job, present.job_modify_index)
    if begun is not None:
        release.follow(begun)
    return RETURNED, wanted.release


def again(job: dict[str, Any]) -> None:
    """Make a job differ from itself: Nomad leaves one alone whose deployment has failed."""
    job["Meta"] = {**(job.get("Meta") or {}), "again": f"{time.time():.0f}"}


def _keep_counts(job: dict[str, Any], present: Job | None) -> None:
    """Give a job the counts that it has now, which the autoscaler may have chosen."""
    if present is None or present.stop:
        return
    counts = {group.name: group.count for group in present.task_groups or []}
    for group in job["TaskGroups"]:
        group["Count"] = counts.get(group["Name"], group["Count"])


def _no_room(plan: Plan) -> str:
    found = []
    for group, metric in (plan.failed_t_g_allocs or {}).items():
        reasons = [f"{count} machines lack {what}" for what, count in (metric.dimension_exhausted or {}).items()]
        reasons += [f"{count} machines don't fit: {what}" for what, count in (metric.constraint_filtered or {}).items()]
        found.append(f"{group}: {'; '.join(reasons) or 'no machine is free'}")
    return ". ".join(found)


def _changes(diff: dict[str, Any]) -> list[str]:
    """Return what changes, a line each, of Nomad's nested differences."""
    lines: list[str] = []

    def shown(value: str) -> str:
        return _COMMIT.sub(lambda found: found[0][:12], value) or "–"

    def walk(node: dict[str, Any], path: str) -> None:
        lines.extend(
            f"{path}{field['Name']}: {shown(field['Old'])} → {shown(field['New'])}"
            for field in node.get("Fields") or []
            if field["Type"] != "None"
        )
        for kind in ("Objects", "TaskGroups", "Tasks"):
            for inner in node.get(kind) or []:
                if inner.get("Type") != "None":
                    walk(inner, f"{path}{inner.get('Name', '')} ")

    walk(diff, "")
    return lines or ([] if diff.get("Type", "None") == "None" else [str(diff["Type"]).lower()])
