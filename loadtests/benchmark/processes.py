"""Servers under test: processes of their own, whose CPU time is read and whose end is seen to."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from loadtests.benchmark.errors import BenchError

_READY_SECONDS = 60
_STOP_SECONDS = 15


class Server:
    """A process that serves HTTP on 127.0.0.1.

    Args:
        name: For messages.
        module: What `python -m` runs, with its arguments.
        environment: Variables beside our own.
        port: Where it will listen.
        ready: A path that is answered 200 once it is ready.
        log: File that gets what it prints.
        wait: Until it is ready.
    """

    def __init__(
        self,
        name: str,
        module: Sequence[str],
        environment: Mapping[str, str],
        port: int,
        ready: str,
        log: Path,
        *,
        wait: bool = True,
    ) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self._ready = self.url + ready
        self._log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until it is ready.

        Raises:
            BenchError: It isn't in time, or has ended.
        """
        try:
            self._wait(self._ready)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  (our own http address)
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        raise BenchError(f"{self.name} didn't become ready. It said:\n{self.said()}")

    def said(self) -> str:
        """Return the end of its log."""
        return self._log.read_text(errors="replace")[-2000:]

    def cpu_seconds(self, argument: str | None = None) -> float:
        """Return the processor time that it and its children have taken so far.

        Args:
            argument: Of those alone that were begun with it.
        """
        return tree_cpu_seconds(self.pid, argument)

    def memory_mb(self) -> float:
        """Return its resident memory, children included, in MB."""
        return sum(process.memory_info().rss for process in _tree(self.pid)) / 1e6

    def stop(self) -> None:
        """Ask it to stop, and make it."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()
        self._process.wait(_STOP_SECONDS)


def tree_cpu_seconds(pid: int, argument: str | None = None) -> float:
    """Return the processor time that a process and its children, living and gone, have taken; see `Server`."""
    total = 0.0
    for process in _tree(pid):
        with contextlib.suppress(psutil.Error):
            if argument is not None and argument not in process.cmdline():
                continue
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _tree(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    return []


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def leave(*_: object) -> None:
    """Go as on Ctrl-C, so that servers are stopped and folders are removed: a handler of SIGTERM."""
    signal.raise_signal(signal.SIGINT)
