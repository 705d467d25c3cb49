"""Work that the tests of `Apart` have done in its process."""

import os
import signal
import time


def which(given: bytes) -> bytes:
    """Return the process and what was given."""
    return f"{os.getpid()}:{os.getpriority(os.PRIO_PROCESS, 0)}:".encode() + given


def die(_: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def fail(_: bytes) -> bytes:
    raise ValueError


def last(given: bytes) -> bytes:
    """Take as many seconds as are given."""
    time.sleep(float(given))
    return given
