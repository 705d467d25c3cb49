"""What a job's versions tell: which of them are returns to an earlier one, and from what."""

from collections.abc import Sequence

from tools.release.nomad import Deployment, Job

BACK_FROM = "back_from"
"""A job's `meta` that marks a return: the program's version that was left."""


def at(versions: Sequence[Job], number: int) -> Job | None:
    """Return one of a job's versions; None if Nomad has forgotten it."""
    return next((job for job in versions if job.version == number), None)


def is_return(versions: Sequence[Job], number: int) -> bool:
    """Say whether a version returns to an earlier one: by us, who mark it, or by Nomad after a deployment that failed.

    Args:
        versions: A job's, the newest first.
        number: Which of them.
    """
    job = at(versions, number)
    return job is not None and (bool(_mark(job)) or _failed_before(versions, job) is not None)


def back_from(versions: Sequence[Job], number: int) -> str:
    """Return which release was left for that of a version; empty if it was released as any other.

    A return that failed is none: what runs then is what was to be left.
    """
    job = at(versions, number)
    if job is None:
        return ""
    if failed := _failed_before(versions, job):  # newer than a mark, which Nomad takes over with the version
        return "" if _mark(failed) else failed.release
    return _mark(job)


def is_change_of_counts(versions: Sequence[Job], deployment: Deployment) -> bool:
    """Say whether a deployment is of what ran before, such as the autoscaler's: it has nothing to try on canaries."""
    job, before = at(versions, deployment.job_version), at(versions, deployment.job_version - 1)
    same = job is not None and before is not None and job.release == before.release
    return same and bool(deployment.groups) and not deployment.canaries


def former(versions: Sequence[Job]) -> Job | None:
    """Return the last version that was stable before the newest one's release, and was never left as a bad one."""
    if not versions:
        return None
    left = {versions[0].release, *filter(None, map(_mark, versions))}
    return next((job for job in versions if job.good and job.release not in left), None)


def _failed_before(versions: Sequence[Job], job: Job) -> Job | None:
    """Return what has failed before a version that is, but for counts, a stable one from before that; else None."""
    before = [one for one in versions if one.version < job.version]
    while before and before[0].specification == job.specification:
        before = before[1:]  # counts were changed since
    if not before or before[0].stable:
        return None
    again = any(one.stable and one.specification == job.specification for one in before)
    return before[0] if again else None


def _mark(job: Job) -> str:
    return (job.meta or {}).get(BACK_FROM, "")
