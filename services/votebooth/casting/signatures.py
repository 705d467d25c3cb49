"""ES256 signatures of tokens that come many at once are checked in a process beside this one.

A check takes 80 µs, most of what a first vote costs, and holds Python's lock all the while: threads don't help.
So signatures that wait in the same turn of the loop travel together to a small process that does nothing else, on
another core. Who comes alone, a hundredth of a second after anybody else, is checked here. The process is started
when it is first worth it; if it is gone, late or behind, signatures are checked here, as if there were none
(docs/decisions/0012-signatures-apart.md).
"""

import asyncio
import contextlib
import marshal
import os
import socket
import subprocess
import sys
import time
from collections import deque
from logging import getLogger
from pathlib import Path

from services.core.identity.signature import check
from services.votebooth.casting import signature_process
from services.votebooth.casting.signature_process import READY

Claimed = tuple[bytes, bytes, bytes]
"""A public key (its point, uncompressed), what was signed, the signature in base64url."""

_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[2]); "
    f"from {signature_process.__name__} import main; main(int(sys.argv[1]))"
)
"""Run with `-I`, which takes nothing from the environment: neither the folder nor a variable says what it imports."""

_ROOT = str(Path(__file__).parents[3])
_LARGE_BYTES = 2_000
_BATCH = 4
"""Signatures in a message: the loop goes on with the first ones while the others are checked."""

_WORTH = 4
_CROWD_SECONDS = 0.01
_BEHIND = 256
_LATE_SECONDS = 1.0
_AGAIN_SECONDS = 30.0
_END_SECONDS = 1.0

log = getLogger(__name__)


_Waiting = list[tuple[Claimed, "asyncio.Future[int]"]]


class Signatures:
    """Checks signatures.

    Args:
        apart: Whether a process of its own may be started for them.

    Attributes:
        process: The process, if it runs.
        ready: Whether it has begun; until then nobody waits for it.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self.apart = apart
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self._killed: list[subprocess.Popen[bytes]] = []
        self._socket: socket.socket | None = None
        self._started = float("-inf")
        self._waiting: _Waiting = []
        self._away: deque[tuple[float, _Waiting]] = deque()
        self._count = 0
        self._seen = float("-inf")
        self._watch: asyncio.TimerHandle | None = None

    async def check(self, point: bytes, signed: bytes, signature: bytes) -> int:
        """Return what `check` says, from wherever it is found out."""
        if not self.apart or len(signed) + len(signature) > _LARGE_BYTES:
            return check(point, signed, signature)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._send)
        self._waiting.append(((point, signed, signature), future))
        return await future

    def _send(self) -> None:
        """Give what has gathered in this turn of the loop to the process, or check it here."""
        waiting, self._waiting = self._waiting, []
        now = asyncio.get_running_loop().time()
        alone = len(waiting) == 1 and now - self._seen > _CROWD_SECONDS
        self._seen = now
        if self._socket is None and len(waiting) >= _WORTH:
            self._start()
        if alone or not self.ready:
            _check_here(waiting)
            return
        for first in range(0, len(waiting), _BATCH):
            batch = waiting[first : first + _BATCH]
            if not self._hand_over(batch):
                _check_here(batch)

    def _hand_over(self, batch: _Waiting) -> bool:
        if self._socket is None or self._count >= _BEHIND:
            return False
        try:
            message = marshal.dumps([claimed for claimed, _ in batch])
            self._socket.send(message)
        except BlockingIOError:
            return False
        except OSError:
            self._lose()
            return False
        loop = asyncio.get_running_loop()
        self._away.append((loop.time() + _LATE_SECONDS, batch))
        self._count += len(batch)
        if self._watch is None:
            self._watch = loop.call_later(_LATE_SECONDS, self._look)
        return True

    def _receive(self) -> None:
        """Take the verdicts on the oldest batch."""
        try:
            verdicts = self._socket.recv(2 * _BATCH) if self._socket else b""
        except BlockingIOError:
            return
        except OSError:
            verdicts = b""
        if not self.ready and verdicts == READY:
            self.ready = True
            return
        if not self._away or len(verdicts) != len(self._away[0][1]):
            self._lose()
            return
        _, batch = self._away.popleft()
        self._count -= len(batch)
        for (_, future), verdict in zip(batch, verdicts, strict=True):
            if not future.done():  # else the client has gone
                future.set_result(verdict)

    def _look(self) -> None:
        """Give the process up if it is late."""
        self._watch = None
        if not self._away:
            return
        loop = asyncio.get_running_loop()
        late = self._away[0][0]
        if late <= loop.time():
            self._lose()
        else:
            self._watch = loop.call_at(late, self._look)

    def _start(self) -> None:
        """Start the process, unless that was tried a moment ago."""
        if time.monotonic() - self._started < _AGAIN_SECONDS or not sys.platform.startswith("linux"):
            return  # elsewhere local sockets keep no message boundaries
        self._started = time.monotonic()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours.setblocking(False)
            try:
                self.process = subprocess.Popen(  # noqa: S603  (our own program)
                    [sys.executable, "-I", "-c", _PROGRAM, str(theirs.fileno()), _ROOT],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    process_group=0,  # Ctrl-C is the server's to answer
                )
            except OSError as exc:
                ours.close()
                log.warning("signatures can't be checked apart", exc_info=exc)
                return
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._receive)

    def _lose(self) -> None:
        """Do without the process; check here what it hasn't answered."""
        log.warning("the process that checks signatures is gone or late")
        self._end(0)
        while self._away:
            _check_here(self._away.popleft()[1])

    def close(self) -> None:
        """End the process, which ends by itself when nobody is connected to it."""
        self.apart = False
        self._end(_END_SECONDS)
        for process in self._killed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)

    def _end(self, patience: float) -> None:
        self._count, self.ready = 0, False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        if self.process is not None:
            process, self.process = self.process, None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
            if process.poll() is None:
                process.kill()
                self._killed.append(process)  # the loop doesn't wait for its end
        self._killed = [process for process in self._killed if process.poll() is None]


def _check_here(batch: _Waiting) -> None:
    for claimed, future in batch:
        if not future.done():
            future.set_result(check(*claimed))


def signatures_of_crowds() -> Signatures:
    """Return what checks the tokens of voters, who come many at once, each with one that was never seen."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Signatures(apart=cores > 1)
