"""Releases a version of one service. Nomad alone holds its state, so it can be continued from any machine."""

from typing import Any

from services.registry import NAMES
from tools.release.changes import changes, no_room
from tools.release.errors import ConflictError, LateError, RefusedError, RejectedError
from tools.release.gate import Canaries, Gate
from tools.release.history import at, is_change_of_counts, is_return
from tools.release.migrating import migrate, short
from tools.release.nomad import Deployment
from tools.release.rollout import Rollout, again, keep_counts
from tools.release.steps import Steps, until
from tools.release.target import Target, job_of

CANARIES_SECONDS = 180.0
"""How long canaries may take to become healthy; Nomad alone would wait for its longer progress deadline."""

RELEASED, UNCHANGED = "released", "unchanged"


class Release:
    """One service's release.

    Args:
        target: The environment.
        service: The service.
        version: The version to release.
        steps: Records each step.
        gate: Tests the canaries; None to promote without a test.
        patience: How many seconds canaries may take to become healthy.
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
        self._rollout = Rollout(target, service, steps)

    def run(self, *, migrated: bool = False, allow_contract: str = "") -> str:
        """Release the version, or continue a release that was interrupted; return `released` or `unchanged`.

        Args:
            migrated: Whether its migrations have just been run.
            allow_contract: The reason why migrations may remove what running code may use; empty if they may not.

        Raises:
            RefusedError: The release can't be started.
            RejectedError: The new version isn't good enough and was rolled back.
            ReleaseError: The release can't continue.
        """
        self.look()
        if not migrated and self._service in NAMES:  # the web client has no tables
            migrate(self._target, [self._service], self._version, self._steps, allow_contract=allow_contract)
        outcome = RELEASED if self._resumed() else UNCHANGED
        # A deployment that was resumed may have been started with older settings than today's.
        return RELEASED if self._planned() else outcome

    def look(self) -> Deployment | None:
        """Return the active deployment if it is of this version or only changes counts; None if none is active.

        Raises:
            RefusedError: A deployment of another version, or a rollback, is active.
        """
        deployment = self._rollout.latest()
        if deployment is None or not deployment.active:
            return None
        versions = self._rollout.versions()
        if is_change_of_counts(versions, deployment):
            return deployment
        job = at(versions, deployment.job_version)
        version = job.release if job else ""
        returns = is_return(versions, deployment.job_version)
        if version == self._version and not returns:
            return deployment
        raise RefusedError(
            f"{self._service}: a {'return to' if returns else 'deployment of'} {short(version) or 'another version'} "
            f"is at work ({deployment.description}). Wait for its end, or end it: "
            f"./just release rollback --env {self._target.environment} --service {self._service}"
        )

    def _resumed(self) -> bool:
        """See the active deployment through to its end; return whether it was this version's release."""
        deployment = self.look()
        if deployment is None:
            return False
        if is_change_of_counts(self._rollout.versions(), deployment):
            self._rollout.settle(deployment)
            return False
        with self._step("resume", f"the release of {short(self._version)} that was begun") as say:
            say(f"it has been {'promoted' if deployment.promoted else 'started'}: {deployment.description}")
        self._follow(deployment)
        return True

    def _planned(self, *, once_more: bool = True) -> bool:
        """Plan the release and carry it out; return whether anything changed.

        Args:
            once_more: Whether to plan again if the autoscaler changes counts between the plan and its execution.
        """
        job, index = self._plan()
        if job is None:
            return False
        try:
            begun = self._begin(job, index)
        except (ConflictError, RefusedError):
            if not once_more or not self._rescaled(index):
                raise
            self._resumed()
            return self._planned(once_more=False)
        if begun is not None:
            self._follow(begun)
        return True

    def _begin(self, job: dict[str, Any], index: int) -> Deployment | None:
        # Migrations take long: somebody may have started a deployment. From here on that would change the index.
        if (deployment := self.look()) is not None:
            raise RefusedError(f"{self._service}: a deployment has begun meanwhile ({deployment.description}).")
        return self._rollout.begin(job, index)

    def _rescaled(self, index: int) -> bool:
        """Return whether the job has changed since it had an index, and only in its counts."""
        versions = self._rollout.versions()
        known = next((one for one in versions if one.job_modify_index == index), None)
        return known is not None and known != versions[0] and known.specification == versions[0].specification

    def _plan(self) -> tuple[dict[str, Any] | None, int]:
        """Return the job and the index to register it against; None for the job if nothing would change."""
        with self._step("plan", f"what {short(self._version)} changes") as say:
            job = self._target.render("service", service=self._service, version=self._version)
            present = self._nomad.job(job_of("service", self._service))
            keep_counts(job, present, fixed=False)
            # Not the plan's index: counts may have changed before the plan, and would be overwritten.
            index = present.job_modify_index if present else 0
            plan = self._nomad.plan(job)
            if plan.failed_t_g_allocs:
                raise RefusedError(f"{self._service}: there is no room for it: {no_room(plan)}")
            found = changes(plan.diff or {})
            for line in found or ["nothing"]:
                say(line)
            if found or present is None or present.stop:
                return job, index
            latest = self._rollout.latest()
            if latest is not None and not latest.active and latest.status != "successful":
                say(f"it is what Nomad has, and it didn't get well ({latest.description}); once more")
                again(job)
                return job, index
            return None, index

    def _follow(self, deployment: Deployment) -> None:
        """See a deployment through to its end, whichever step it has reached."""
        try:
            if not deployment.promoted or not deployment.groups:
                self._await_canaries(deployment)
                self._try_canaries(deployment)
                self._rollout.promote(deployment)
            self._rollout.finish(deployment)
        except RejectedError as exc:
            with self._step("fail back", str(exc)) as say:
                self._rollout.fail_back(deployment, say)
            raise RejectedError(f"{self._service}: {short(self._version)} is rejected: {exc}") from exc

    def _await_canaries(self, deployment: Deployment) -> None:
        with self._step("canaries", "until they are healthy") as say:
            try:
                count = until(lambda: self._rollout.healthy_canaries(deployment), "A healthy canary", self._patience)
            except LateError as exc:
                raise RejectedError(f"no healthy canary within {self._patience:.0f} s") from exc
            say(f"{count} healthy")

    def _try_canaries(self, deployment: Deployment) -> None:
        if self._gate is None:
            with self._step("gate", "left out, as was said"):
                return
        with self._step("gate", "load on the canaries alone") as say:
            canaries = Canaries(self._service, self._version, deployment.id)
            reason = self._gate.verdict(self._target, canaries, lambda: self._over(deployment), say)
            if reason:
                raise RejectedError(reason)
            say("good enough")

    def _over(self, deployment: Deployment) -> str | None:
        """Return why testing the canaries is pointless by now; None while it isn't."""
        try:
            self._rollout.alive(deployment)
        except RejectedError as exc:
            return f"a canary didn't stay well: {exc}"
        return None

    def _step(self, name: str, what: str) -> Any:
        return self._steps.step(self._service, name, what)
