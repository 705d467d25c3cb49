"""Rollback: return to a version that was stable, without migrations and without a gate."""

from collections.abc import Sequence

from tools.release.errors import RefusedError
from tools.release.history import BACK_FROM, back_from, former, is_change_of_counts, is_return
from tools.release.migrating import short
from tools.release.nomad import Deployment, Job
from tools.release.rollout import Rollout, again, keep_counts
from tools.release.steps import Steps, until
from tools.release.target import Target, job_of

RETURNED, UNCHANGED = "returned", "unchanged"

_CANARIES_SECONDS = 300.0


def roll_back(target: Target, service: str, steps: Steps, to: str = "", bad: str = "") -> tuple[str, str]:
    """Return a service to a version that was stable; the number of instances doesn't change.

    Args:
        target: The environment.
        service: The service.
        steps: Records each step.
        to: The version to return to; by default the last stable one before the present one.
        bad: Act only if this version runs or is being deployed; by default whichever version that is.

    Returns:
        `returned` or `unchanged`, and the version that runs afterwards.

    Raises:
        RefusedError: There is no stable version to return to.
    """
    present = target.nomad.job(job_of("service", service))
    if present is None:
        raise RefusedError(f"{service} was never released in {target.environment}.")
    rollout = Rollout(target, service, steps)
    left = back_from(rollout.versions(), present.version)
    if bad and bad not in {present.release, left}:
        return UNCHANGED, present.release
    deployment = rollout.latest()
    ended = deployment is not None and deployment.active and _ended(rollout, deployment, service, steps)
    versions = rollout.versions()
    present = versions[0]
    left = back_from(versions, present.version)
    if present.release == to or (left and not to and bad in {"", left}):
        if not ended:
            with steps.step(service, "back", "nothing is done") as say:
                say(f"already taken back from {short(left)}; --to goes further" if left else "it runs already")
        return RETURNED if ended else UNCHANGED, present.release
    wanted = _wanted(target, service, versions, to)
    job = target.nomad.specification(present.id, wanted.version)
    job["Meta"] = {**(job.get("Meta") or {}), BACK_FROM: present.release}
    job["VersionTag"] = None  # that version's own
    job["Stop"] = False
    again(job)
    keep_counts(job, present, fixed=True)
    begun = rollout.begin(job, present.job_modify_index)
    if begun is not None:
        _follow(rollout, begun, service, steps)
    return RETURNED, wanted.release


def _ended(rollout: Rollout, deployment: Deployment, service: str, steps: Steps) -> bool:
    """End the active deployment: let a rollback finish, fail anything else. Return whether the service was rolled back.

    A deployment that only changes counts is awaited, and isn't a rollback.
    """
    versions = rollout.versions()
    if is_change_of_counts(versions, deployment):
        rollout.settle(deployment)
        return False
    if is_return(versions, deployment.job_version):
        _follow(rollout, deployment, service, steps)
        return True
    with steps.step(service, "fail back", "the deployment that is at work is ended") as say:
        rollout.fail_back(deployment, say)
    return True


def _follow(rollout: Rollout, deployment: Deployment, service: str, steps: Steps) -> None:
    """See a rollback through to its end, without a gate: the version has passed one before."""
    if not deployment.promoted or not deployment.groups:
        with steps.step(service, "canaries", "until they are healthy") as say:
            found = until(lambda: rollout.healthy_canaries(deployment), "A healthy canary", _CANARIES_SECONDS)
            say(f"{found} healthy")
        rollout.promote(deployment)
    rollout.finish(deployment)


def _wanted(target: Target, service: str, versions: Sequence[Job], to: str) -> Job:
    wanted = next((job for job in versions if job.good and job.release == to), None) if to else former(versions)
    if wanted is not None:
        return wanted
    stable = (job.release for job in versions if job.good and job.release != versions[0].release)
    known = ", ".join(dict.fromkeys(stable))  # in full, as --to wants them
    if to:
        why = f"no such version was stable here; those that Nomad still knows: {known or 'none'}."
    elif known:
        why = f"each earlier stable version was left as a bad one; --to VERSION returns to one all the same: {known}."
    else:
        why = (
            "there is no earlier stable version to go back to. Release another one: "
            f"./just release --env {target.environment} --service {service} --version VERSION"
        )
    raise RefusedError(f"{service}: {why}")


def bad_version(target: Target, services: Sequence[str]) -> str:
    """Return the version to roll back from when several services are rolled back together: the newest one.

    Services may run different versions after a release or a rollback that got only half way. The order of the
    versions follows from each service's history: a version that came before another there is the older one.

    Raises:
        RefusedError: The histories don't name one newest version.
    """
    runs: dict[str, str] = {}
    older = set[str]()
    for service in services:
        versions = target.nomad.versions(job_of("service", service))
        if not versions:
            continue
        present = versions[0].release
        left = back_from(versions, versions[0].version)
        before = former(versions)
        runs[service] = left or present
        if left:
            older |= {present} - {left}
        elif before is not None:
            older.add(before.release)
    newest = set(runs.values()) - older
    if len(newest) == 1:
        return newest.pop()
    told = ", ".join(f"{service} {short(version)}" for service, version in runs.items()) or "none was released"
    raise RefusedError(f"Which version is the bad one? The services' are: {told}. --from VERSION says it.")
