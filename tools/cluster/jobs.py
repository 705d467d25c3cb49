"""Registers jobs with Nomad and waits until they are healthy."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from tools.cluster.agents import AgentError, Agents, Api, job_id, until
from tools.cluster.place import ENVIRONMENT, ROOT

JOBS = ROOT / "nomad" / "jobs"
ENVIRONMENTS = ROOT / "nomad" / "env"
_DEPLOY_SECONDS = 300.0
_MIGRATE_SECONDS = 180.0
_RESTARTS_TOLD = 1
_OVER = {"complete", "failed", "lost"}


class JobError(Exception):
    """A job doesn't run as it should; the message names it and ends with its task's last log lines."""


class Jobs:
    """The cluster's jobs.

    Args:
        agents: Whom to ask.
        values: The file of variables that `up` writes.
        tell: Says how far it is.
    """

    def __init__(self, agents: Agents, values: Path, tell: Callable[[str], None]) -> None:
        self._agents = agents
        self._values = values
        self._tell = tell

    @property
    def api(self) -> Api:
        """Nomad, as its administrator."""
        return self._agents.nomad()

    def arguments(self, jobspec: str, **variables: str) -> list[str]:
        """Return the arguments of `nomad job run|plan|validate` for one of our jobspecs.

        Args:
            jobspec: The file's name without `.nomad.hcl`.
            **variables: Beside those of the environment.
        """
        found = ["-hcl2-strict=false", f"-var-file={ENVIRONMENTS / f'{ENVIRONMENT}.hcl'}", f"-var-file={self._values}"]
        for name, value in variables.items():
            found += ["-var", f"{name}={value}"]
        return [*found, str(JOBS / f"{jobspec}.nomad.hcl")]

    def run(self, jobspec: str, **variables: str) -> None:
        """Register a job with Nomad, without waiting."""
        self._agents.run("job", "run", "-detach", *self.arguments(jobspec, **variables))

    def migrate(self, version: str) -> None:
        """Run the migrations of a version to completion.

        Raises:
            JobError: They fail.
        """
        job = job_id("migrate")
        run = str(time.time_ns())
        self.run("migrate", version=version, run=run)

        def over() -> Any:
            for allocation in self.api.get(f"/v1/job/{job}/allocations"):
                full = self.api.get(f"/v1/allocation/{allocation['ID']}")
                if full["Job"]["Meta"].get("run") == run and full["ClientStatus"] in _OVER:
                    return full
            return None

        try:
            allocation = until(over, "the migrations", _MIGRATE_SECONDS)
        except AgentError as exc:
            raise JobError(f"{exc}\n{self.last_words(job)}") from exc
        if allocation["ClientStatus"] != "complete":
            raise JobError(f"The migrations failed.\n{self.last_words(job)}")

    def healthy(self, jobs: Sequence[str], seconds: float = _DEPLOY_SECONDS) -> None:
        """Wait until deployments have succeeded.

        Raises:
            JobError: One fails, or it takes too long.
        """
        waiting = list(jobs)
        deadline = time.monotonic() + seconds
        while waiting:
            for job in list(waiting):
                deployment = self._deployment(job)
                if deployment is None or deployment["Status"] == "successful":
                    waiting.remove(job)
                    self._tell(f"{job} is healthy")
                elif deployment["Status"] in {"failed", "cancelled", "blocked"}:
                    why = deployment["StatusDescription"]
                    raise JobError(f"{job}: {why}.\n{self.last_words(job)}")
            if waiting and time.monotonic() > deadline:
                words = "\n".join(f"{self._deployment(job)}\n{self.last_words(job)}" for job in waiting)
                raise JobError(f"{', '.join(waiting)}: not healthy after {seconds:.0f} s.\n{words}")
            time.sleep(0.5)  # each look asks twenty questions

    def _deployment(self, job: str) -> Any:
        """Return a job's deployment; None for a job without one, and for a system job that is everywhere."""
        try:
            if is_everywhere(self.api, job):
                return None
            found = self.api.get(f"/v1/job/{job}/deployment")
            allocations = self.api.get(f"/v1/job/{job}/allocations")
            about = self.api.get(f"/v1/job/{job}")
        except httpx.HTTPError:
            return {"Status": "unknown"}
        if about["Type"] == "system":
            # The last version's deployment says nothing of this one.
            over = found is not None and found["JobVersion"] == about["Version"] and found["Status"] != "successful"
            return found if over else {"Status": "pending"}
        if found is None:
            running = any(one["DesiredStatus"] == "run" and one["ClientStatus"] == "running" for one in allocations)
            return None if running else {"Status": "pending"}
        return found

    def last_words(self, job: str) -> str:
        """Return why a job doesn't run: what Nomad can't place, and the end of its last task's log."""
        said = []
        try:
            for evaluation in self.api.get(f"/v1/job/{job}/evaluations"):
                for group, why in (evaluation.get("FailedTGAllocs") or {}).items():
                    said.append(f"{job}: {group} can't be placed: {_why_not(why)}")
            allocations = sorted(self.api.get(f"/v1/job/{job}/allocations"), key=lambda one: one["CreateIndex"])
            for allocation in allocations[-_RESTARTS_TOLD:]:
                for task, state in (allocation["TaskStates"] or {}).items():
                    events = "; ".join(event["DisplayMessage"] for event in state["Events"][-3:])
                    said.append(f"{job}: {task} {state['State']}: {events}\n{self.log(allocation['ID'], task)}")
        except httpx.HTTPError as exc:
            said.append(f"{job}: {exc}")
        return "\n".join(said[-4:])

    def log(self, allocation: str, task: str, characters: int = 3000) -> str:
        """Return the end of a task's log, both streams."""
        found = []
        for stream in ("stdout", "stderr"):
            try:
                found.append(
                    self.api.text(
                        f"/v1/client/fs/logs/{allocation}",
                        task=task,
                        type=stream,
                        origin="end",
                        offset=characters,
                        plain="true",
                    )
                )
            except httpx.HTTPError as exc:
                found.append(f"({stream}: {exc})")
        return "\n".join(filter(None, found))

    def stop_all(self, seconds: float = 25.0) -> None:
        """Stop every job without its shutdown delay, and wait until all tasks have ended."""
        for job in self.api.get("/v1/jobs"):
            self.api.delete(f"/v1/job/{job['ID']}", no_shutdown_delay="true")

        def none_left() -> bool:
            return not [one for one in self.api.get("/v1/allocations") if one["ClientStatus"] in {"pending", "running"}]

        until(none_left, "the end of all tasks", seconds)


def is_everywhere(api: Api, job: str) -> bool:
    """Say whether a system job's present version is healthy on each machine that may run it.

    Its deployment may say "running" for ever, of n - 1 of n allocations, when all of them are healthy
    (https://github.com/hashicorp/nomad/issues/27382): so the allocations are asked.

    Args:
        api: Nomad's.
        job: The job's id; of one of another type this is never so.

    Raises:
        httpx.HTTPError: Nomad can't be asked.
    """
    about = api.get(f"/v1/job/{job}")
    if about["Type"] != "system":
        return False
    constraints = [*(about["Constraints"] or ()), *(about["TaskGroups"][0]["Constraints"] or ())]
    classes = {one["RTarget"] for one in constraints if one["LTarget"] == "${node.class}"}
    machines = {
        node["ID"]
        for node in api.get("/v1/nodes")
        if node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible" and classes <= {node["NodeClass"]}
    }
    healthy = {
        one["NodeID"]
        for one in api.get(f"/v1/job/{job}/allocations")
        if one["JobVersion"] == about["Version"]
        and one["DesiredStatus"] == "run"
        and one["ClientStatus"] == "running"
        and (one["DeploymentStatus"] or {}).get("Healthy")
    }
    return bool(machines) and machines <= healthy


def _why_not(metric: dict[str, Any]) -> str:
    constraints = metric.get("ConstraintFiltered") or {}
    exhausted = metric.get("DimensionExhausted") or {}
    parts = [f"{count} clients don't fit {what}" for what, count in constraints.items()]
    parts += [f"{count} clients have too little {what}" for what, count in exhausted.items()]
    return "; ".join(parts) or f"{metric.get('NodesEvaluated', 0)} clients were considered"
