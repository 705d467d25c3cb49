"""What keeps a gate from judging."""


class GateError(Exception):
    """The gate can't be run as asked; the message says why. Nothing was judged."""


class TargetError(GateError):
    """VoteWave can't be reached, or refuses what the gate needs to begin."""
