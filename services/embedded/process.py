"""Starting, finding and ending the servers' processes.

PostgreSQL refuses to run as root. For a caller who is root the servers run as the owner of an existing
cluster, else as the system's `postgres` user, else as `nobody`; the folders `postgres/` and `run/` belong to
that user. No user is created and the mode of no folder above them is changed: where that user couldn't
reach the programs or the data (a clone below `/root`), the servers keep one of root's capabilities, to read
and search folders, and nothing else.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from services.embedded.errors import EmbeddedError

_KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))  # name, bit; the weaker first
_LOG_BYTES = 4 << 20


class Runner:
    """Runs programs as the user that owns the servers' files.

    Args:
        cluster: the PostgreSQL cluster's folder; its owner is kept when it exists.
        needs: paths that the user must be able to reach.
    """

    def __init__(self, cluster: Path, needs: Sequence[Path]) -> None:
        self.uid: int | None = None
        self.gid: int | None = None
        self._prefix: list[str] = []
        if os.geteuid() != 0:
            return
        user = _server_user(cluster)
        self.uid, self.gid = user.pw_uid, user.pw_gid
        unreachable = [path for path in needs if not _others_reach(path)]
        if unreachable:
            self._prefix = _privileged_prefix(user, unreachable[0])

    def own(self, folder: Path) -> None:
        """Make a folder with mode 0700 that belongs to the servers' user."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.uid is not None and self.gid is not None and folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)

    def spawn(self, argv: Sequence[object], log: Path) -> subprocess.Popen[bytes]:
        """Start a server in a session of its own, so that the terminal's Ctrl-C doesn't reach it.

        Args:
            argv: program and arguments.
            log: file that gets what it prints, appended; one older file is kept beside it.
        """
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        drop = not self._prefix
        with log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 - programs from installed packages, no shell
                [*self._prefix, *map(str, argv)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                user=self.uid if drop else None,
                group=self.gid if drop else None,
                extra_groups=[] if drop and self.uid is not None else None,
            )

    def run(self, argv: Sequence[object], stdin: str = "") -> tuple[int, str]:
        """Run a program to its end, also in a session of its own.

        Returns:
            Its exit status and what it printed, both streams together.
        """
        drop = not self._prefix
        done = subprocess.run(  # noqa: S603 - programs from installed packages, no shell
            [*self._prefix, *map(str, argv)],
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            user=self.uid if drop else None,
            group=self.gid if drop else None,
            extra_groups=[] if drop and self.uid is not None else None,
        )
        return done.returncode, done.stdout.decode(errors="replace")


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


def end_process(pid: int, mark: str, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """End a process that isn't our child, if it still is the one we mean.

    Args:
        pid: its process id, perhaps reused by a stranger since.
        mark: text its command line holds.
        steps: signals to try in order, each with the seconds to wait after it.
    """
    for sign, seconds in steps:
        if mark not in command_line(pid):
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
        while time.monotonic() < deadline and mark in command_line(pid):
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


def _server_user(cluster: Path) -> pwd.struct_passwd:
    if cluster.exists() and (uid := cluster.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(uid)
        except KeyError:  # a folder from another machine or container: its number is enough
            return pwd.struct_passwd((str(uid), "", uid, cluster.stat().st_gid, "", "/", ""))
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError(
        "PostgreSQL doesn't run as root and this system has neither a user `postgres` nor `nobody`. "
        "Run VoteWave as another user, or create one: useradd --system postgres"
    )


def _others_reach(path: Path) -> bool:
    return all(not parent.exists() or parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _privileged_prefix(user: pwd.struct_passwd, blocked: Path) -> list[str]:
    setpriv = shutil.which("setpriv")
    held = _effective_capabilities()
    names = [name for name, bit in _CAPABILITIES if held >> bit & 1]
    if setpriv is None or not names:
        raise EmbeddedError(
            f"PostgreSQL runs as {user.pw_name}, who can't reach {blocked}. Choose a data folder "
            "(and a clone) outside of closed home folders, run VoteWave as another user, or install setpriv."
        )
    return [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        f"--inh-caps=-all,+{names[0]}",
        f"--ambient-caps=-all,+{names[0]}",
        "--",
    ]


def _effective_capabilities() -> int:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    except OSError:
        pass
    return 0
