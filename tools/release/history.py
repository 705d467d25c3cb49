"""Reads a job's history: which of its versions are rollbacks, and from which release."""

from collections.abc import Sequence

from tools.release.nomad import Deployment, Job

BACK_FROM = "back_from"
"""The key in a job's `meta` that marks a rollback; its value is the release that was rolled back."""


def at(versions: Sequence[Job], number: int) -> Job | None:
    """Return one of a job's versions; None if Nomad has forgotten it."""
    return next((job for job in versions if job.version == number), None)


def is_return(versions: Sequence[Job], number: int) -> bool:
    """Return whether a job version is a rollback: ours, which is marked, or Nomad's own after a failed deployment.

    Args:
        versions: The job's versions, newest first.
        number: The version's number.
    """
    job = at(versions, number)
    return job is not None and (bool(_mark(job)) or _failed_before(versions, job) is not None)


def back_from(versions: Sequence[Job], number: int) -> str:
    """Return the release that a job version rolled back; empty if the version isn't a rollback.

    A rollback that failed doesn't count: the release that it should have replaced runs again.
    """
    job = at(versions, number)
    if job is None:
        return ""
    if failed := _failed_before(versions, job):  # newer than a mark, which Nomad takes over with the version
        return "" if _mark(failed) else failed.release
    return _mark(job)


def is_change_of_counts(versions: Sequence[Job], deployment: Deployment) -> bool:
    """Return whether a deployment only changes counts, such as the autoscaler's: there are no canaries to test."""
    job, before = at(versions, deployment.job_version), at(versions, deployment.job_version - 1)
    same = job is not None and before is not None and job.release == before.release
    return same and bool(deployment.groups) and not deployment.canaries


def former(versions: Sequence[Job]) -> Job | None:
    """Return the last stable version before the newest one's release that was never rolled back."""
    if not versions:
        return None
    left = {versions[0].release, *filter(None, map(_mark, versions))}
    return next((job for job in versions if job.good and job.release not in left), None)


def _failed_before(versions: Sequence[Job], job: Job) -> Job | None:
    """Return the failed version that Nomad reverted with this one; None if this isn't Nomad's revert.

    A revert has, apart from counts, the specification of a stable version from before the failed one.
    """
    before = [one for one in versions if one.version < job.version]
    while before and before[0].specification == job.specification:
        before = before[1:]  # counts were changed since
    if not before or before[0].stable:
        return None
    again = any(one.stable and one.specification == job.specification for one in before)
    return before[0] if again else None


def _mark(job: Job) -> str:
    return (job.meta or {}).get(BACK_FROM, "")
