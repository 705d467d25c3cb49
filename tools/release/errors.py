"""The errors that end a release, each with its exit code."""


class ReleaseError(Exception):
    """The release can't continue. What runs is unchanged or continues by itself; the message says what to do."""

    code = 1


class LateError(ReleaseError):
    """Something didn't happen before its deadline."""


class SupersededError(ReleaseError):
    """Somebody else changed the job during the release; what they deployed is left alone."""


class ConflictError(ReleaseError):
    """Somebody changed the job after it was read, so it wasn't overwritten."""


class RefusedError(ReleaseError):
    """The release wasn't started: something must be put right first."""

    code = 3


class RejectedError(ReleaseError):
    """The new version failed on its canaries and was rolled back; users still have the former version."""

    code = 4
