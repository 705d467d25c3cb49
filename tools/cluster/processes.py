"""Child processes that outlive the command that starts them: each is recorded, found again, and ended.

Every child has `VOTEWAVE_CLUSTER=FOLDER` in its environment, and so has each task that a Nomad agent starts, so that
what is left after a SIGKILL of whatever is found by that mark alone.
"""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil
from services.embedded.process import tail
from tools.cluster.place import write_private

MARK = "VOTEWAVE_CLUSTER"
_SAME_SECONDS = 2.0  # a start time is derived from the clock, which is set now and then


class ProcessError(Exception):
    """A process can't be started, or ended at once; the message says which, and what it said."""


class Processes:
    """The cluster's processes by name.

    Args:
        folder: The cluster's.
        logs: Where each has its log.

    Attributes:
        spare: The id of a process that is none of them for now.
    """

    def __init__(self, folder: Path, logs: Path) -> None:
        self._folder = folder
        self._logs = logs
        self._file = folder / "processes.json"
        self.spare: int | None = None
        self._children: dict[str, subprocess.Popen[bytes]] = {}  # of this very process, to be collected
        self._recording = threading.Lock()  # `up` starts several at a time

    def log(self, name: str) -> Path:
        """Return where a process's output goes."""
        return self._logs / f"{name}.log"

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Start a process in a session of its own, so that Ctrl-C doesn't reach it.

        Args:
            name: What it is called from now on.
            command: Program and arguments.
            environment: Variables beside those of this process.
        """
        variables = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
        variables |= {**(environment or {}), MARK: str(self._folder)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # it makes each start of a service slow
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=variables,
                start_new_session=True,
            )
        self.adopt(name, child)

    def adopt(self, name: str, child: "subprocess.Popen[bytes]") -> None:
        """Take note of a process that something else has started for us."""
        self._children[name] = child
        self._record(name, psutil.Process(child.pid))

    def find(self, name: str) -> psutil.Process | None:
        """Return a process if it still runs."""
        if (child := self._children.get(name)) is not None:
            child.poll()  # or a dead one would look alive
        known = self._read().get(name)
        return None if known is None or known["pid"] == self.spare else _same(known["pid"], known["started"])

    def names(self) -> list[str]:
        """Return those that were started, in that order, whether or not they still run."""
        return list(self._read())

    def running(self) -> dict[str, psutil.Process]:
        """Return those that run."""
        return {name: process for name in self.names() if (process := self.find(name)) is not None}

    def expect(self, name: str) -> psutil.Process:
        """Return a process.

        Raises:
            ProcessError: It has ended; the message holds the end of its log.
        """
        if (process := self.find(name)) is None:
            raise ProcessError(f"{name} has ended. It said:\n{tail(self.log(name))}\nAll of it: {self.log(name)}")
        return process

    def stop(self, name: str, sign: signal.Signals = signal.SIGTERM, seconds: float = 15.0) -> None:
        """End a process, by force if it takes too long."""
        if (process := self.find(name)) is not None:
            end([process], sign, seconds)
        self._collect(name)

    def pause(self, name: str) -> None:
        """Suspend a process, which then behaves like a machine that hangs; `resume` continues it."""
        self.expect(name).suspend()

    def resume(self, name: str) -> None:
        """Continue a paused process."""
        self.expect(name).resume()

    def kill(self, name: str) -> None:
        """Send SIGKILL: the process can't clean up."""
        if (process := self.find(name)) is not None:
            process.kill()
        self._collect(name)

    def forget(self) -> None:
        """Delete the record, once nothing runs any more."""
        for name in list(self._children):
            self._collect(name)
        self._file.unlink(missing_ok=True)

    def leftovers(self) -> list[psutil.Process]:
        """Return every process with this cluster's mark, but not this one's own ancestors."""
        mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid not in mine and process.environ().get(MARK) == str(self._folder):
                    found.append(process)
        return found

    def _collect(self, name: str) -> None:
        if (child := self._children.pop(name, None)) is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            known: dict[str, dict[str, float]] = json.loads(self._file.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return known

    def _record(self, name: str, process: psutil.Process) -> None:
        with self._recording:
            known = self._read()
            known.pop(name, None)
            known[name] = {"pid": process.pid, "started": process.create_time()}
            write_private(self._file, known)


# The caller's own configuration must not influence the cluster.
_FOREIGN = ("VOTEWAVE_", "CONSUL_", "NOMAD_", "AWS_", "VAULT_")


def _same(pid: float, started: float) -> psutil.Process | None:
    """Return the process with that id if it is the one that was started then."""
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - started) < _SAME_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def end(processes: Iterable[psutil.Process], sign: signal.Signals, seconds: float) -> None:
    """Ask processes to end, and kill those that haven't after a while. A stopped (SIGSTOP) one is woken for it."""
    asked = list(processes)
    for process in asked:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
            process.send_signal(signal.SIGCONT)
    for process in _alive(asked, seconds):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _alive(asked, 5)


def _alive(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; return those that haven't. Zombies count as ended: their parents must reap them."""
    deadline = time.monotonic() + seconds
    while True:
        left = []
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(process)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
