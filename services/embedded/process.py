"""Starting, finding and ending the servers' processes."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from services.embedded.account import Account
from services.embedded.errors import EmbeddedError

_KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_LOG_BYTES = 4 << 20


class Runner:
    """Runs programs as the user that owns the servers' files.

    Args:
        account: who that is.
    """

    def __init__(self, account: Account) -> None:
        self.account = account

    def own(self, folder: Path) -> None:
        """Make a folder with mode 0700 that belongs to the servers' user."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.account.own(folder)

    def spawn(self, argv: Sequence[object], log: Path) -> subprocess.Popen[bytes]:
        """Start a server in a session of its own, so that the terminal's Ctrl-C doesn't reach it.

        Args:
            argv: program and arguments; folders are of type Path.
            log: file that gets what it prints, appended; one older file is kept beside it.
        """
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as out:
            return self._popen(argv, subprocess.DEVNULL, out)

    def run(self, argv: Sequence[object], stdin: str = "") -> tuple[int, str]:
        """Run a program to its end, also in a session of its own.

        Returns:
            Its exit status and what it printed, both streams together.
        """
        with self._popen(argv, subprocess.PIPE, subprocess.PIPE) as process:
            output, _ = process.communicate(stdin.encode())
        return process.returncode, output.decode(errors="replace")

    def _popen(self, argv: Sequence[object], stdin: int, out: int | IO[bytes]) -> subprocess.Popen[bytes]:
        account = self.account
        drops = account.drops_to is not None
        with account.reaching(argv) as (shown, descriptors):
            return subprocess.Popen(  # noqa: S603 - programs from installed packages, no shell
                [*account.prefix, *shown],
                stdin=stdin,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                pass_fds=descriptors,
                user=account.drops_to,
                group=account.gid if drops else None,
                extra_groups=[] if drops else None,
            )


def command_line(pid: int) -> str:
    """The command line of a live process, arguments separated by blanks; empty when there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    found = subprocess.run(  # noqa: S603 - a number is its only variable part
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
    )
    return found.stdout.decode(errors="replace").strip()


def end_process(pid: int, marks: Sequence[str], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """End a process that isn't our child, if it still is the one we mean.

    Args:
        pid: its process id, perhaps reused by a stranger since.
        marks: texts, one of which its command line holds.
        steps: signals to try in order, each with the seconds to wait after it.
    """

    def is_meant() -> bool:
        line = command_line(pid)
        return any(mark in line for mark in marks)

    for sign, seconds in steps:
        if not is_meant():
            return
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        except PermissionError:
            raise EmbeddedError(
                f"Process {pid} of another user still uses this data folder. Ask them to stop it."
            ) from None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and is_meant():
            time.sleep(0.01)


def end_child(child: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """End a child and collect it.

    Args:
        child: what `Runner.spawn` returned.
        steps: signals to try in order, each with the seconds to wait after it.
    """
    for sign, seconds in steps:
        child.send_signal(sign)  # does nothing once the child has been collected
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log; empty when it can't be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 32_768))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}  # without LC_ALL PostgreSQL dies on macOS
