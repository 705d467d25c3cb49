"""The process that checks the signatures of crowds for its parent; see `signatures`.

It imports nothing but the check itself, so that it stays small.
"""

import contextlib
import marshal
import os
import signal
import socket

from services.core.identity.signature import check

READY = b"ready"
MAX_BATCH_BYTES = 200_000


def main(descriptor: int) -> None:
    """Answer batches until the other side is gone, then end the process.

    Args:
        descriptor: Of the socket to the parent.
    """
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)  # it ends with its parent
    with contextlib.suppress(OSError), socket.socket(fileno=descriptor) as connection:
        connection.send(READY)
        while batch := connection.recv(MAX_BATCH_BYTES):
            connection.send(bytes(check(*claimed) for claimed in marshal.loads(batch)))  # noqa: S302  (our own parent)
    os._exit(0)
