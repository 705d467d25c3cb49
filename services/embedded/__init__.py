"""PostgreSQL and Valkey for a laptop: both live in one data folder and need nothing installed.

    <data>/up.lock     who runs here: locked while they live, with their pid and URL inside
    <data>/postgres/   the cluster (PostgreSQL 18), database `votewave`; what a backup must hold
    <data>/run/        sockets and pid files, mode 0700
    <data>/log/        what the servers say

PostgreSQL's administrator is the account that started it, which it knows by the socket; the services' roles have
passwords.

Neither server listens on TCP. A path that is too long for a socket (107 bytes on Linux, 103 on macOS), or
holds characters that a URL would need to escape, gets its sockets in a private folder below
`$XDG_RUNTIME_DIR` or the temporary folder instead of `run/`.

Both servers outlive a SIGKILL of their parent; the next start stops them in order, then starts its own.
For root they don't run as root; `services.embedded.account` says as whom, and what that changes on disk.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from services.embedded.account import account_for, others_reach
from services.embedded.errors import AlreadyRunning, EmbeddedError
from services.embedded.lock import FolderLock
from services.embedded.postgres import Postgres, programs
from services.embedded.process import Runner
from services.embedded.valkey import Valkey, program
from services.embedded.watch import Watch

__all__ = ["AlreadyRunning", "Embedded", "EmbeddedError"]

_SOCKET_BYTES = 103  # the shorter of the systems' limits, without the closing zero
_LONGEST_NAME = ".s.PGSQL.5432.lock"


class Embedded:
    """Both servers of one data folder, as a plain object or a sync or async context.

    Args:
        data_dir: the data folder; made when it is missing.

    Attributes:
        postgres: the database server; a test may stop and start it by itself.
        valkey: the Redis-compatible server, likewise.
        note: once started, what is worth a line at the terminal; mostly empty.
    """

    postgres: Postgres
    valkey: Valkey
    note: str = ""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = Path(data_dir).expanduser().resolve()
        self._lock = FolderLock(self.data_dir)
        self._pid: int | None = None
        self._watch: Watch | None = None

    @property
    def database_url(self) -> str:
        """The administrator's DSN: `postgresql://postgres@/votewave?host=<socket folder>`."""
        return self.postgres.dsn

    @property
    def redis_url(self) -> str:
        """`unix:///…/valkey.sock`."""
        return self.valkey.url

    def start(self) -> None:
        """Start both servers and wait until they answer; the first start makes the cluster.

        Raises:
            AlreadyRunning: another live process owns the folder.
            EmbeddedError: anything else that stands in the way, with what to do about it.
        """
        if self._pid is not None:
            raise RuntimeError("start() was called already")
        try:
            self._start()
        except OSError as error:
            raise EmbeddedError(_explain_os_error(error, self.data_dir)) from error

    def _start(self) -> None:
        bin_dir = programs()
        if not self.data_dir.exists():
            self.data_dir.mkdir(mode=0o700, parents=True)
            if os.geteuid() == 0:
                self.data_dir.chmod(0o711)  # whatever the umask: the servers' user passes through root's folder
        self._lock.acquire()
        self._pid = os.getpid()
        try:
            log = self.data_dir / "log"
            log.mkdir(mode=0o700, exist_ok=True)
            cluster = self.data_dir / "postgres"
            account = account_for(cluster, (bin_dir / "postgres", program()))
            self.note = account.note
            runner = Runner(account)
            sockets = self._socket_dir(runner)
            self.postgres = Postgres(runner, cluster, sockets, log / "postgres.log")
            self.valkey = Valkey(runner, sockets, log / "valkey.log")
            self.valkey.prepare()
            self.valkey.spawn()
            self.postgres.prepare()
            self.postgres.spawn()
            self.valkey.wait_ready()
            self.postgres.wait_ready()
        except BaseException:
            self.stop()
            raise

    def watch(self, say: Callable[[str], None], give_up: Callable[[EmbeddedError], None]) -> None:
        """Start a server again that ends by itself, until `stop`.

        Args:
            say: takes a line about each restart, in a thread of its own.
            give_up: called with the reason, in that thread, when a server can't be kept up.
        """
        self._watch = Watch({"PostgreSQL": self.postgres, "Valkey": self.valkey}, say, give_up)
        self._watch.start()

    def stop(self) -> None:
        """Stop both servers, PostgreSQL in fast mode, and let go of the folder. Harmless when repeated."""
        if self._pid != os.getpid():  # not started, or a forked child's copy of the object
            return
        if self._watch is not None:
            self._watch.stop()
        servers = [found for name in ("postgres", "valkey") if (found := getattr(self, name, None)) is not None]
        try:
            for server in servers:
                server.ask_to_stop()
            for server in servers:
                server.stop()
        finally:
            self._pid = None
            self._remove_short_dir()
            self._lock.release()

    def describe(self, **info: object) -> None:
        """Leave word for a second start, such as `url="http://127.0.0.1:8000"`.

        Args:
            **info: values that JSON can hold; `AlreadyRunning` shows `pid` and `url`.
        """
        self._lock.describe(**info)

    def _socket_dir(self, runner: Runner) -> Path:
        for folder in (self.data_dir / "run", self._short_dir()):
            if not re.fullmatch(r"[A-Za-z0-9/._+-]+", str(folder)):
                continue
            if len(os.fsencode(folder / _LONGEST_NAME)) > _SOCKET_BYTES:
                continue
            if folder.is_symlink() or (runner.account.is_shut_out and not others_reach(folder)):
                continue
            runner.own(folder)
            if folder.stat().st_uid not in {os.geteuid(), runner.account.uid}:
                continue  # somebody else was first to make it in the shared folder
            folder.chmod(0o700)
            if _takes_sockets(folder):
                return folder
        raise EmbeddedError(
            f"No folder takes a Unix socket: {self.data_dir / 'run'} is too long, holds unusual characters "
            "or is on a file system without sockets. Choose a shorter data folder on a local disk."
        )

    def _remove_short_dir(self) -> None:
        short = self._short_dir()
        if hasattr(self, "valkey") and self.valkey.socket.parent == short:
            with contextlib.suppress(OSError):
                short.rmdir()

    def _short_dir(self) -> Path:
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        if os.geteuid() == 0 or not base.is_dir():  # root's servers may run as another user, who can't enter root's
            base = Path("/tmp")  # noqa: S108 - the folder below is private and its owner is checked
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return base / f"votewave-{os.geteuid()}-{name}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def _takes_sockets(folder: Path) -> bool:
    probe = folder / ".probe"
    probe.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        try:
            server.bind(str(probe))
        except OSError:
            return False
        finally:
            probe.unlink(missing_ok=True)
    return True


def _explain_os_error(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        free = shutil.disk_usage(folder).free // 2**20 if folder.exists() else 0
        return f"The disk of {folder} is full ({free} MB free): free some space and start again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"{error.filename or folder} can't be written by this user. Choose a data folder of your own, "
            "or mend its owner and mode."
        )
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return f"{error.filename or folder} is a file where a folder is needed. Choose another data folder."
    return f"The data folder {folder} can't be used: {error}."
