"""The part of Nomad's HTTP API that a release uses, typed.

python-nomad was looked at and left: it carries no types, and doesn't check certificates unless told to.
"""

import hashlib
import json
import time
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from tools.release.errors import ConflictError, ReleaseError

T = TypeVar("T")

ACTIVE = frozenset({"running", "paused", "pending", "blocked", "unblocking", "initializing"})
"""The states of an active deployment (Nomad 1.11, `structs.Deployment.Active`)."""

CANCELLED = "cancelled"
"""The state of a deployment whose job was changed or stopped while it was active."""

_CONFLICT = "Enforcing job modify index"  # `structs.RegisterEnforceIndexErrPrefix`
_TIMEOUT_SECONDS = 30.0
_NOT_DONE = ("No cluster leader", "leadership transfer in progress")
"""What servers say while they elect another leader."""
_UNSURE = "leadership lost while committing log"
"""What they say of a write that may have been done nevertheless, or not."""
_ELECTION_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 1.0
# What of a job's version isn't what was asked for.
_KEPT_BY_NOMAD = frozenset(
    {
        "CreateIndex",
        "JobModifyIndex",
        "ModifyIndex",
        "Stable",
        "Status",
        "StatusDescription",
        "SubmitTime",
        "Version",
        "VersionTag",
    }
)
_KEPT_OF_SCALING = frozenset({"ID", "CreateIndex", "ModifyIndex"})


class Group(msgspec.Struct, frozen=True, rename="pascal"):
    """A deployment's progress on one task group.

    Attributes:
        promoted: Whether its canaries were.
        desired_canaries: How many there are to be.
        desired_total: How many instances there are to be of the new version.
        healthy_allocs: How many of them are healthy.
    """

    promoted: bool = False
    desired_canaries: int = 0
    desired_total: int = 0
    healthy_allocs: int = 0


class Deployment(msgspec.Struct, frozen=True, rename="pascal"):
    """A deployment: the rollout of one job version.

    Attributes:
        id: Its own.
        job_version: Which version of the job.
        status: Such as "running", "successful", "failed".
        description: What Nomad says of that.
        groups: By name; None for a job without any.
    """

    id: str = msgspec.field(name="ID")
    job_version: int
    status: str
    description: str = msgspec.field(name="StatusDescription", default="")
    groups: dict[str, Group] | None = msgspec.field(name="TaskGroups", default=None)

    @property
    def active(self) -> bool:
        """Whether it is still active."""
        return self.status in ACTIVE

    @property
    def promoted(self) -> bool:
        """Whether no canaries wait for promotion."""
        return all(group.promoted or not group.desired_canaries for group in (self.groups or {}).values())

    @property
    def canaries(self) -> int:
        """How many canaries there are to be."""
        return sum(group.desired_canaries for group in (self.groups or {}).values())


class TaskGroup(msgspec.Struct, frozen=True, rename="pascal"):
    """A task group of a job."""

    name: str
    count: int = 1


class Tag(msgspec.Struct, frozen=True, rename="pascal"):
    """A tag, which keeps Nomad from garbage-collecting one version of a job."""

    name: str


class Job(msgspec.Struct, frozen=True, rename="pascal"):
    """A job, with the fields that a release needs.

    Attributes:
        id: Its name.
        version: Grows with every change, the autoscaler's included.
        stable: Whether a deployment of this version succeeded, or of the version that Nomad reverted to here.
        stop: Whether it was stopped.
        status: "pending" until an allocation is placed, "running", or "dead".
        job_modify_index: Sent along with a change, so that nobody else's change is overwritten.
        meta: `version` in it is the program's.
        task_groups: Its groups.
        tag: What keeps this version; None if nothing does.
        specification: The same for versions that differ in counts alone; empty where it isn't known.
    """

    id: str = msgspec.field(name="ID")
    version: int = 0
    stable: bool = False
    stop: bool = False
    status: str = ""
    job_modify_index: int = 0
    meta: dict[str, str] | None = None
    task_groups: list[TaskGroup] | None = None
    tag: Tag | None = msgspec.field(name="VersionTag", default=None)
    specification: str = ""

    @property
    def release(self) -> str:
        """The program's version."""
        return (self.meta or {}).get("version", "")

    @property
    def good(self) -> bool:
        """Whether it can be rolled back to: a known release, stable, and not stopped (a stopped job stays stable)."""
        return self.stable and not self.stop and bool(self.release)

    @property
    def count(self) -> int:
        """How many instances there are to be."""
        return sum(group.count for group in self.task_groups or [])


class Health(msgspec.Struct, frozen=True, rename="pascal"):
    """What a deployment knows of an instance."""

    healthy: bool | None = None
    canary: bool = False


class TaskEvent(msgspec.Struct, frozen=True, rename="pascal"):
    """Something that happened to a task."""

    type: str = ""
    message: str = msgspec.field(name="DisplayMessage", default="")
    exit_code: int = 0


class TaskState(msgspec.Struct, frozen=True, rename="pascal"):
    """A task's state."""

    state: str = ""
    failed: bool = False
    events: list[TaskEvent] | None = None


class Allocation(msgspec.Struct, frozen=True, rename="pascal"):
    """An instance.

    Attributes:
        id: Its own.
        job_version: Of which version of the job.
        client_status: Such as "running", "complete", "failed".
        desired_status: "run", or "stop".
        deployment_id: The deployment that placed it.
        deployment_status: Its health in that deployment.
        task_states: Its tasks, by name.
    """

    id: str = msgspec.field(name="ID")
    job_version: int = 0
    client_status: str = ""
    desired_status: str = ""
    deployment_id: str = msgspec.field(name="DeploymentID", default="")
    deployment_status: Health | None = None
    task_states: dict[str, TaskState] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.client_status in {"complete", "failed", "lost"}

    @property
    def healthy_canary(self) -> bool:
        """Whether it is a healthy canary."""
        found = self.deployment_status
        return found is not None and found.canary and found.healthy is True and not self.over

    @property
    def unhealthy(self) -> bool:
        """Whether its deployment judged it unhealthy."""
        return self.deployment_status is not None and self.deployment_status.healthy is False

    @property
    def exit_codes(self) -> set[int]:
        """The exit codes of its tasks."""
        return {event.exit_code for event in self._events() if event.type == "Terminated"}

    def story(self) -> str:
        """Return the last events of its tasks, as text."""
        return "; ".join(event.message for event in self._events()[-4:] if event.message)

    def _events(self) -> list[TaskEvent]:
        return [event for state in (self.task_states or {}).values() for event in state.events or []]


class Metric(msgspec.Struct, frozen=True, rename="pascal"):
    """Why allocations can't be placed."""

    constraint_filtered: dict[str, int] | None = None
    dimension_exhausted: dict[str, int] | None = None


class Plan(msgspec.Struct, frozen=True, rename="pascal"):
    """What Nomad would do with a job.

    Attributes:
        job_modify_index: That of the job with which the plan was compared.
        failed_t_g_allocs: Task groups that can't be placed, by name.
        diff: The changes, as Nomad describes them.
    """

    job_modify_index: int
    failed_t_g_allocs: dict[str, Metric] | None = msgspec.field(name="FailedTGAllocs", default=None)
    diff: dict[str, Any] | None = None


class _Registered(msgspec.Struct, frozen=True, rename="pascal"):
    job_modify_index: int = 0


class _Dispatched(msgspec.Struct, frozen=True, rename="pascal"):
    job: str = msgspec.field(name="DispatchedJobID")


class Nomad:
    """Nomad's HTTP API.

    Args:
        url: Of a server or any agent.
        token: The ACL token; empty where ACLs are off.
        ca: File of the CA that signs the agents' certificates; None for the system's CAs.
    """

    def __init__(self, url: str, token: str, ca: str | None = None) -> None:
        headers = {"X-Nomad-Token": token} if token else {}
        self.url = url
        self._elections = 0  # how often a request was sent again for want of a leader
        self._client = httpx.Client(
            base_url=url, headers=headers, timeout=_TIMEOUT_SECONDS, verify=ca or True, trust_env=False
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def job(self, name: str) -> Job | None:
        """Return a job; None if there is none."""
        return self._find(f"/v1/job/{_quoted(name)}", Job)

    def versions(self, name: str) -> list[Job]:
        """Return a job's versions, the newest first."""
        return [
            msgspec.structs.replace(msgspec.convert(job, Job), specification=_digest(job)) for job in self._all(name)
        ]

    def specification(self, name: str, version: int) -> dict[str, Any]:
        """Return all of one version of a job."""
        return next(job for job in self._all(name) if job["Version"] == version)

    def _all(self, name: str) -> list[dict[str, Any]]:
        answer = self._send("GET", f"/v1/job/{name}/versions", missing=True)
        found: list[dict[str, Any]] = [] if answer.status_code == httpx.codes.NOT_FOUND else answer.json()["Versions"]
        return found

    def deployment_of(self, name: str) -> Deployment | None:
        """Return a job's latest deployment; None if there was none."""
        return self._find(f"/v1/job/{name}/deployment", Deployment)

    def deployment(self, identifier: str) -> Deployment:
        """Return a deployment."""
        return self._get(f"/v1/deployment/{identifier}", Deployment)

    def allocations_of(self, deployment: str) -> list[Allocation]:
        """Return what a deployment has placed."""
        return self._get(f"/v1/deployment/allocations/{deployment}", list[Allocation])

    def allocations(self, name: str) -> list[Allocation]:
        """Return a job's instances."""
        return self._get(f"/v1/job/{_quoted(name)}/allocations", list[Allocation])

    def plan(self, job: dict[str, Any]) -> Plan:
        """Return what would change."""
        answer = self._send("POST", f"/v1/job/{job['ID']}/plan", {"Job": job, "Diff": True})
        return msgspec.json.decode(answer.content, type=Plan)

    def register(self, job: dict[str, Any], index: int | None = None) -> int:
        """Register a job; return its new index, which tells this change from others'.

        Args:
            job: All of it.
            index: Register only if the job still has this index; 0 if there must be no job yet. None: don't check.

        Raises:
            ConflictError: Somebody has changed the job since.
            ReleaseError: Nomad doesn't take it.
        """
        body: dict[str, Any] = {"Job": job}
        if index is not None:
            body |= {"EnforceIndex": True, "JobModifyIndex": index}
        elections = self._elections
        try:
            answer = self._send("POST", "/v1/jobs", body)
        except ReleaseError as exc:
            if _CONFLICT not in str(exc):
                raise
            # Sent again after a change of leaders, it may be refused for having been done the first time.
            present = self.job(str(job["ID"])) if self._elections > elections else None
            if present is not None and present.release == (job.get("Meta") or {}).get("version"):
                return present.job_modify_index
            raise ConflictError(str(exc)) from exc
        return msgspec.json.decode(answer.content, type=_Registered).job_modify_index

    def dispatch(self, name: str, meta: dict[str, str], token: str) -> str:
        """Dispatch a parameterised job, once for each token; return the id of the job that does it."""
        answer = self._send("POST", f"/v1/job/{name}/dispatch", {"Meta": meta}, {"idempotency_token": token})
        return msgspec.json.decode(answer.content, type=_Dispatched).job

    def remove(self, name: str) -> None:
        """Stop a job and purge it."""
        self._send("DELETE", f"/v1/job/{_quoted(name)}", None, {"purge": "true"})

    def keep(self, name: str, version: int, tag: str) -> None:
        """Keep one version of a job however many come after it (Nomad forgets all but the last six)."""
        self._send(
            "PUT", f"/v1/job/{name}/versions/{tag}/tag", {"Version": version, "Description": "can be returned to"}
        )

    def let_go(self, name: str, tag: str) -> None:
        """Keep a version no longer."""
        self._send("DELETE", f"/v1/job/{name}/versions/{tag}/tag")

    def grant(self, policy: str, rules: str, description: str, job: str) -> None:
        """Attach an ACL policy to a job's identity, which takes a management token."""
        body = {"Name": policy, "Description": description, "Rules": rules}
        self._send("POST", f"/v1/acl/policy/{policy}", {**body, "JobACL": {"Namespace": "default", "JobID": job}})

    def promote(self, deployment: str) -> None:
        """Promote a deployment's canaries."""
        self._send(
            "POST", f"/v1/deployment/promote/{deployment}", {"DeploymentID": deployment, "All": True}, repeatable=False
        )

    def fail(self, deployment: str) -> None:
        """Fail a deployment; Nomad reverts to the last stable version."""
        self._send("POST", f"/v1/deployment/fail/{deployment}", {}, repeatable=False)

    def log(self, allocation: str, task: str, kind: str, characters: int = 20_000) -> str:
        """Return the end of a task's log; empty if it can't be read."""
        wanted = {"task": task, "type": kind, "origin": "end", "offset": str(characters), "plain": "true"}
        try:
            return self._send("GET", f"/v1/client/fs/logs/{allocation}", None, wanted).text
        except ReleaseError:
            return ""

    def _find(self, path: str, kind: type[T]) -> T | None:
        answer = self._send("GET", path, missing=True)
        if answer.status_code == httpx.codes.NOT_FOUND or answer.content.strip() == b"null":
            return None
        return msgspec.json.decode(answer.content, type=kind)

    def _get(self, path: str, kind: type[T]) -> T:
        return msgspec.json.decode(self._send("GET", path).content, type=kind)

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        parameters: dict[str, str] | None = None,
        *,
        missing: bool = False,
        repeatable: bool = True,
    ) -> httpx.Response:
        """Send a request; wait for a leader where there is none.

        Args:
            method: HTTP method.
            path: Below the URL.
            body: JSON.
            parameters: Of the query.
            missing: Whether 404 is an answer.
            repeatable: Whether it may be sent again when it is unknown whether it was done.
        """
        deadline = time.monotonic() + _ELECTION_SECONDS
        while True:
            try:
                answer = self._client.request(method, path, json=body, params=parameters)
            except httpx.HTTPError as exc:
                raise ReleaseError(f"Nomad at {self.url} can't be reached: {exc}") from exc
            again = (*_NOT_DONE, _UNSURE) if repeatable else _NOT_DONE
            if not answer.is_server_error or not any(said in answer.text for said in again):
                break
            if time.monotonic() > deadline:
                raise ReleaseError(f"Nomad at {self.url} has had no leader for {_ELECTION_SECONDS:.0f} s.")
            self._elections += 1
            time.sleep(_LOOK_AGAIN_SECONDS)
        if answer.is_success or (missing and answer.status_code == httpx.codes.NOT_FOUND):
            return answer
        if answer.status_code == httpx.codes.FORBIDDEN:
            raise ReleaseError(f"Nomad refuses {method} {path}: the token may not do that.")
        raise ReleaseError(f"Nomad refuses {method} {path}: {answer.text.strip()[:500]}")


def _quoted(name: str) -> str:
    return quote(name, safe="")  # a dispatched job's has a slash


def _digest(job: dict[str, Any]) -> str:
    """Return what is the same for jobs that differ in counts, and in what Nomad writes into them, alone."""
    asked = {key: value for key, value in job.items() if key not in _KEPT_BY_NOMAD}
    asked["TaskGroups"] = [
        {
            **group,
            "Count": None,
            "Scaling": {
                key: value for key, value in (group.get("Scaling") or {}).items() if key not in _KEPT_OF_SCALING
            },
        }
        for group in job.get("TaskGroups") or []
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
