"""Errors that prevent a verdict."""


class GateError(Exception):
    """The gate can't run; the message says why. There is no verdict."""


class TargetError(GateError):
    """VoteWave can't be reached, or refuses what the gate needs to start."""
