"""The first step of a release: its migrations, run as a job in the cluster, where the database can be reached."""

import json
import time

import msgspec
from tools.release.errors import RefusedError, ReleaseError, SupersededError
from tools.release.nomad import Allocation, Nomad
from tools.release.steps import Steps, until
from tools.release.target import Target, job_of

CONTRACTS = 3
"""The exit code of `votewave migrate --expand-only` when a revision removes what running code may use."""

_TASK = "migrate"
_SECONDS = 900.0
_TRIES = 3  # a database that is just starting; anything else fails again
_PAUSE_SECONDS = 3.0


def migrate(target: Target, services: list[str], version: str, steps: Steps, *, allow_contract: str = "") -> None:
    """Run a version's migrations to completion.

    Args:
        target: The environment.
        services: The services to migrate; `["all"]` for every one.
        version: The version whose migrations are run.
        steps: Records the step.
        allow_contract: The reason why migrations may remove what running code may use; empty if they may not.

    Raises:
        RefusedError: A migration would remove something.
        SupersededError: Another release's migrations replaced these.
        ReleaseError: They failed.
    """
    name, nomad = job_of("migrate"), target.nomad
    with steps.step(services[0], "migrate", f"migrations of {short(version)}, expanding ones only") as say:
        if allow_contract:
            say(f"contracting ones too: {allow_contract}")
        # One at a time: a second run would end the first.
        until(lambda: _idle(nomad, name) or None, f"The end of another release's migrations (the job {name})", _SECONDS)
        left = _TRIES
        while True:
            allocation, left = _run(target, name, services, version, allow_contract), left - 1
            if allocation.client_status == "complete":
                say(_summary(nomad.log(allocation.id, _TASK, "stdout")))
                return
            words = _last_words(nomad, allocation)
            if CONTRACTS in allocation.exit_codes:
                raise RefusedError(words)
            if not left:
                raise ReleaseError(f"The migrations failed; tables are as they were before the one that did.\n{words}")
            say(f"they failed, and are tried once more: {words}")
            time.sleep(_PAUSE_SECONDS)


def _run(target: Target, name: str, services: list[str], version: str, allow_contract: str) -> Allocation:
    job = target.render(
        "migrate",
        version=version,
        run=f"{time.time_ns()}",
        services=json.dumps(services),
        allow_contract=allow_contract,
    )
    before = target.nomad.job(name)
    registered = target.nomad.register(job, before.job_modify_index if before else 0)
    return until(lambda: _over(target.nomad, name, registered), "The migrations' end", _SECONDS)


def _idle(nomad: Nomad, name: str) -> bool:
    job = nomad.job(name)
    if job is None:
        return True
    placed = nomad.allocations(name)
    waits = job.status != "dead" and not any(one.job_version == job.version for one in placed)  # for a machine
    return not waits and all(one.over or one.desired_status == "stop" for one in placed)


def _over(nomad: Nomad, name: str, registered: int) -> Allocation | None:
    job = nomad.job(name)
    if job is None:
        raise ReleaseError(f"The job {name} is gone.")
    if job.job_modify_index != registered:
        raise SupersededError(f"Another release's migrations have taken the place of these: nomad job status {name}")
    return next((one for one in nomad.allocations(name) if one.job_version == job.version and one.over), None)


def _summary(printed: str) -> str:
    try:
        done = msgspec.json.decode(printed.strip().splitlines()[-1], type=dict[str, list[str]])
    except (IndexError, msgspec.MsgspecError):
        return "done"
    ran = [f"{service} {', '.join(revisions)}" for service, revisions in done.items() if revisions]
    return "; ".join(ran) or "nothing to do"


def _last_words(nomad: Nomad, allocation: Allocation) -> str:
    lines = nomad.log(allocation.id, _TASK, "stderr").strip().splitlines()
    said = [line for line in lines if not line.startswith("{")] or lines
    return "\n".join(said[-8:]) or allocation.story()


def short(version: str) -> str:
    """Return a version shortened for people: 12 digits of the commit, and the suffix."""
    commit, _, suffix = version.partition("-")
    return commit[:12] + (f"-{suffix}" if suffix else "")
