"""Nomad's HTTP API as far as releases ask it: versions, deployments with canaries, and its own way back.

What it does is what Nomad 1.11 does (deploymentwatcher, scheduler), without machines: canaries are healthy at once, and
a deployment that nothing holds up succeeds after it has been looked at a few times.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from tools.release.errors import ReleaseError
from tools.release.nomad import ACTIVE, Nomad
from tools.release.target import Target

SERVICE = "votebooth"
JOB = f"votewave-{SERVICE}"
_LOOKS = 3


def job(version: str, *, count: int = 2, scaling: tuple[int, int] | None = None, setting: str = "") -> dict[str, Any]:
    """Return a service's job, as its jobspec makes it."""
    group: dict[str, Any] = {"Name": "service", "Count": count, "Tasks": [{"Env": {"SETTING": setting}}]}
    group["Scaling"] = {"Min": scaling[0], "Max": scaling[1]} if scaling else None
    return {"ID": JOB, "Meta": {"version": version}, "TaskGroups": [group]}


class FakeNomad(Nomad):
    """A Nomad with one service's job, and jobs that were dispatched.

    Attributes:
        jobs: The job's versions, the oldest first.
        deployments: Its deployments, likewise.
        unwell: Releases whose canaries don't get healthy.
        stuck: Releases whose deployments neither succeed nor fail.
        meanwhile: By a path's beginning, what happens right after such a request; once.
        runs: What was dispatched, by id: its body, and the exit code that it has ended with.
        removed: Dispatched jobs that were stopped.
        logs: What a task of theirs has written.
    """

    def __init__(self) -> None:
        super().__init__("http://nomad.invalid", "")
        self.jobs: list[dict[str, Any]] = []
        self.deployments: list[dict[str, Any]] = []
        self.unwell: set[str] = set()
        self.stuck: set[str] = set()
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.removed: list[str] = []
        self.logs = {"stdout": "steady: pass", "stderr": "making a poll"}
        self._index = 0

    @property
    def newest(self) -> dict[str, Any]:
        """The job as it is."""
        return self.jobs[-1]

    @property
    def latest(self) -> dict[str, Any]:
        """Its latest deployment."""
        return self.deployments[-1]

    def stable(self, *jobs: dict[str, Any]) -> None:
        """Have had jobs one after the other, each of which has got well."""
        for one in jobs:
            self.begin(one)
            self._succeed(self.latest)

    def begin(self, job: dict[str, Any], *, by_itself: bool = False, canary: bool | None = None) -> None:
        """Take a job, as anybody may give it."""
        before = self.jobs[-1] if self.jobs else None
        if self.deployments and self.latest["Status"] in ACTIVE:
            self.latest.update({"Status": "cancelled", "StatusDescription": "Cancelled due to newer version of job"})
        self._index += 1
        version = before["Version"] + 1 if before else 0
        self.jobs.append(
            {
                **copy.deepcopy(job),
                "Version": version,
                "JobModifyIndex": self._index,
                "Stable": by_itself,
                "VersionTag": job.get("VersionTag"),
            }
        )
        if canary is None:
            canary = before is not None and _tasks(before) != _tasks(self.jobs[-1])
        number = len(self.deployments)
        group = {"Promoted": False, "DesiredCanaries": int(bool(canary)), "DesiredTotal": job["TaskGroups"][0]["Count"]}
        self.deployments.append(
            {
                "ID": f"deployment-{number}",
                "JobVersion": version,
                "Status": "running",
                "StatusDescription": "Deployment is running",
                "TaskGroups": {"service": group},
                "Looks": 0,
            }
        )

    def scale(self, count: int) -> None:
        """Change the number of instances, as the autoscaler does."""
        changed = copy.deepcopy(self.newest)
        changed["TaskGroups"][0]["Count"] = count
        self.begin(changed, canary=False)

    def stop(self) -> None:
        """Stop the job, as `nomad job stop` does: one more version of it, which stays stable."""
        self._index += 1
        stopped = {"Version": self.newest["Version"] + 1, "JobModifyIndex": self._index, "Stop": True}
        self.jobs.append({**copy.deepcopy(self.newest), **stopped, "VersionTag": None})

    def give_up(self, deployment: dict[str, Any], why: str = "Failed due to unhealthy allocations") -> None:
        """Fail a deployment, and return to the last stable version if that is another one."""
        deployment |= {"Status": "failed", "StatusDescription": why}
        good = next((one for one in reversed(self.jobs) if one["Stable"]), None)
        if good is not None and _asked(good) != _asked(self.newest):
            self.begin(good, by_itself=True, canary=deployment["TaskGroups"]["service"]["Promoted"])

    def _succeed(self, deployment: dict[str, Any]) -> None:
        deployment |= {"Status": "successful", "StatusDescription": "Deployment completed successfully"}
        next(one for one in self.jobs if one["Version"] == deployment["JobVersion"])["Stable"] = True

    def _look(self) -> None:
        """Let time go by."""
        if not self.deployments or self.latest["Status"] != "running":
            return
        deployment = self.latest
        group = deployment["TaskGroups"]["service"]
        release = self.newest["Meta"]["version"]
        if (group["DesiredCanaries"] and not group["Promoted"]) or release in self.stuck:
            return
        deployment["Looks"] += 1
        if deployment["Looks"] >= _LOOKS:
            if release in self.unwell:
                self.give_up(deployment)
            else:
                self._succeed(deployment)

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
        said = self._answer(method, path, body, parameters or {})
        answer = httpx.Response(200, text=said if isinstance(said, str) else json.dumps(said))
        for begins in [begins for begins in self.meanwhile if f"{method} {path}".startswith(begins)]:
            self.meanwhile.pop(begins)()
        return answer

    def _answer(self, method: str, path: str, body: Any, parameters: dict[str, str]) -> Any:
        _, _, kind, *rest = path.split("/")
        if kind == "deployment":
            return self._of_deployment(rest)
        if kind == "client":
            return self.logs[parameters["type"]]
        if kind == "jobs":
            return self._register(body)
        assert kind == "job", path
        name, what = rest[0], rest[1] if len(rest) > 1 else ""
        if name.startswith("votewave-loadtest"):
            return self._of_run(method, name, what, body, parameters)
        if name != JOB and not what:
            return None  # nothing else runs
        if what == "plan":
            self._look()
            same = _asked(body["Job"]) == _asked(self.newest)
            return {"JobModifyIndex": self.newest["JobModifyIndex"], "Diff": {"Type": "None" if same else "Edited"}}
        if what == "versions" and len(rest) > 2:
            tagged = next(one for one in self.jobs if one["Version"] == body["Version"])
            tagged["VersionTag"] = {"Name": rest[2]}
            return {}
        if what == "deployment":
            self._look()
        answers: dict[str, Any] = {
            "": self.jobs[-1] if self.jobs else None,
            "versions": {"Versions": self.jobs[::-1]},
            "deployment": self.deployments[-1] if self.deployments else None,
            "allocations": [],
        }
        return answers[what]

    def _register(self, body: dict[str, Any]) -> Any:
        if body["Job"]["ID"] != JOB:
            return {"JobModifyIndex": 1}
        if body.get("EnforceIndex") and body["JobModifyIndex"] != self.newest["JobModifyIndex"]:
            raise ReleaseError("Enforcing job modify index: job exists with conflicting job modify index")
        self.begin(body["Job"])
        return {"JobModifyIndex": self._index}

    def _of_deployment(self, rest: list[str]) -> Any:
        found = next(one for one in self.deployments if one["ID"] == rest[-1])
        if len(rest) == 1:
            self._look()
            return found
        if rest[0] == "allocations":
            return self._canaries(found)
        if found["Status"] not in ACTIVE:
            raise ReleaseError(f"can't {rest[0]} terminal deployment")
        if rest[0] == "promote":
            found["TaskGroups"]["service"]["Promoted"] = True
        else:
            self.give_up(found, "Deployment marked as failed")
        return {}

    def _canaries(self, deployment: dict[str, Any]) -> list[dict[str, Any]]:
        group = deployment["TaskGroups"]["service"]
        version = next(one for one in self.jobs if one["Version"] == deployment["JobVersion"])["Meta"]["version"]
        stops = deployment["Status"] in {"failed", "cancelled"}
        canary = {
            "ID": f"allocation of {deployment['ID']}",
            "JobVersion": deployment["JobVersion"],
            "ClientStatus": "running",
            "DesiredStatus": "stop" if stops else "run",
            "DeploymentStatus": {"Canary": True, "Healthy": version not in self.unwell},
        }
        return [canary] if group["DesiredCanaries"] else []

    def _of_run(self, method: str, name: str, what: str, body: Any, parameters: dict[str, str]) -> Any:
        name = name.replace("%2F", "/")
        if method == "DELETE":
            self.removed.append(name)
            del self.runs[name]
        elif what == "dispatch":
            token = parameters["idempotency_token"]
            name = next((run for run, known in self.runs.items() if known["token"] == token), "")
            name = name or f"votewave-loadtest/dispatch-{len(self.runs) + len(self.removed)}"
            self.runs.setdefault(name, {"token": token, "meta": body["Meta"], "code": None})
            return {"DispatchedJobID": name}
        elif what == "allocations":
            code = self.runs[name]["code"]
            if code is None:
                return [{"ID": "run", "ClientStatus": "running"}]
            events = {"gate": {"Events": [{"Type": "Terminated", "ExitCode": code}]}}
            return [{"ID": "run", "ClientStatus": "complete" if code == 0 else "failed", "TaskStates": events}]
        return {}


@dataclass(frozen=True)
class Here(Target):
    """An environment whose Nomad is a fake; `rendered` is what the service's jobspec makes of a version."""

    rendered: Callable[[str], dict[str, Any]] = job

    def render(self, jobspec: str, **variables: str) -> dict[str, Any]:
        """Return a job."""
        if jobspec == "loadtest":
            return {"ID": "votewave-loadtest", "Meta": dict(variables)}
        return self.rendered(variables["version"])


def here(nomad: Nomad, gate_url: str | None = "http://gateway.invalid", rendered: Any = job) -> Here:
    """Return an environment around a Nomad."""
    return Here("local", nomad, "nomad", (), lambda _: True, gate_url, None, rendered)


def _asked(job: dict[str, Any]) -> Any:
    return {key: job.get(key) for key in ("Meta", "TaskGroups")}


def _tasks(job: dict[str, Any]) -> Any:
    return [job["Meta"]["version"], *[group["Tasks"] for group in job["TaskGroups"]]]
