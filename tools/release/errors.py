"""What a release ends with when it doesn't end well, and the exit code of each."""


class ReleaseError(Exception):
    """It can't go on, and what runs is as it was, or goes on by itself; the message says what to do."""

    code = 1


class LateError(ReleaseError):
    """What was waited for didn't come in time."""


class SupersededError(ReleaseError):
    """Somebody else has changed the job meanwhile: what runs is theirs, and left alone."""


class ConflictError(ReleaseError):
    """Somebody has changed the job since it was looked at, so it wasn't overwritten."""


class RefusedError(ReleaseError):
    """It wasn't begun: something speaks against it that has to be put right first."""

    code = 3


class RejectedError(ReleaseError):
    """The new version was tried on its canaries and taken back; users have the version they had."""

    code = 4
