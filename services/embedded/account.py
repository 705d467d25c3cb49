"""Who the servers run as, which is a question for root only: PostgreSQL refuses to run as root.

Root's servers run, in this order of preference,

1. as the owner of an existing cluster, else as the system's `postgres`, else as `nobody`, if that user can reach
   the programs and the data;
2. in a user namespace, as an ordinary user there who is root outside and without any capability: a clone below
   `/root` is reached as it is;
3. where the kernel forbids namespaces (most containers), as the user of 1, who gets a copy of the programs at a place
   that everybody reaches, and the database's folder as an open descriptor: what leads to it needn't be reached.

No user is created, and the mode of no folder above the data is changed.
"""

import contextlib
import functools
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.embedded.errors import EmbeddedError

_NAMESPACE = Path(__file__).with_name("namespace.py")
_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Account:
    """Whom the servers run as.

    Attributes:
        uid: whose the servers' files are; None: the caller's, who isn't root.
        gid: their group, likewise.
        prefix: what starts a program as that user; empty: the caller becomes the user.
        caller: what the servers' side of a socket takes the caller for, by name.
        note: what is worth a line at the terminal; empty: nothing.
        is_shut_out: whether the user can't reach the programs or the data by their paths.
    """

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()
    caller: str = ""
    note: str = ""
    is_shut_out: bool = False

    @property
    def drops_to(self) -> int | None:
        """The user that the caller has to become; None: it stays who it is."""
        return None if self.prefix else self.uid

    def own(self, folder: Path) -> None:
        """Let a folder belong to the servers' user."""
        if self.uid is not None and self.gid is not None and folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)

    def own_whole(self, folder: Path) -> None:
        """Let a folder and all that is in it belong to the servers' user; the folder is last, so that this is whole."""
        if self.uid is None or self.gid is None or folder.stat().st_uid == self.uid:
            return
        for parent, _, files in os.walk(folder, topdown=False):
            for name in files:
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)
            os.chown(parent, self.uid, self.gid)

    def program(self, path: Path) -> Path:
        """Return a program where the user can run it.

        Args:
            path: the program, in an installed package; what it needs is in its folder, or beside a folder `bin`.

        Raises:
            EmbeddedError: it has to be copied, and there is no place for it.
        """
        if not self.is_shut_out:
            return path
        package = next(folder for folder in path.parents if (folder / "__init__.py").exists())
        whole = path.parents[1] if path.parent.name == "bin" else path.parent
        return _copy(package, whole) / path.relative_to(package.parent)

    @contextlib.contextmanager
    def reaching(self, argv: Sequence[object]) -> Iterator[tuple[list[str], list[int]]]:
        """Open what the user can't reach by path.

        Args:
            argv: program and arguments; folders are of type Path.

        Yields:
            the arguments by which the user reaches it, and the descriptors that a child has to inherit.
        """
        with contextlib.ExitStack() as stack:
            shown, descriptors = [], []
            for part in argv:
                if self.is_shut_out and isinstance(part, Path) and part.is_dir() and not others_reach(part):
                    descriptor = os.open(part, os.O_PATH | os.O_DIRECTORY)
                    stack.callback(os.close, descriptor)
                    descriptors.append(descriptor)
                    shown.append(str(_DESCRIPTORS / str(descriptor)))
                else:
                    shown.append(str(part))
            yield shown, descriptors


def account_for(cluster: Path, programs: Sequence[Path]) -> Account:
    """Choose whom the servers run as.

    Args:
        cluster: the PostgreSQL cluster's folder; its owner is kept when it exists and isn't root.
        programs: the servers' programs; each tells its version when it is asked for `--version`.

    Raises:
        EmbeddedError: root's servers have nobody to run as.
    """
    caller = _name(os.geteuid())
    if os.geteuid() != 0:
        return Account(caller=caller)
    user = _server_user(cluster)
    if all(_is_open(path) and others_reach(path) for path in programs) and others_reach(cluster):
        return Account(user.pw_uid, user.pw_gid, caller=caller)
    # The cluster's owner may have no name here, and initdb asks for one. Nor is it `nobody`, if that can be helped: in
    # the namespace everybody else outside is taken for that user.
    ordinary = _server_user(names=("postgres", "daemon", "nobody"))
    prefix = (sys.executable, "-I", "-S", str(_NAMESPACE), str(ordinary.pw_uid), str(ordinary.pw_gid))
    if sys.platform == "linux" and _starts([*prefix, str(programs[0]), "--version"]):
        return Account(0, 0, prefix, caller=ordinary.pw_name)
    if not _DESCRIPTORS.exists():
        raise EmbeddedError(
            f"PostgreSQL runs as {user.pw_name}, who can't reach {cluster.parent} or {programs[0]}. Choose a clone and "
            "a data folder outside of closed home folders, or run VoteWave as another user."
        )
    note = (
        f"PostgreSQL doesn't run as root, and this kernel allows no user namespace: it runs as {user.pw_name}, "
        f"with a copy of its programs in {_place()}"
    )
    return Account(user.pw_uid, user.pw_gid, caller=caller, note=note, is_shut_out=True)


def others_reach(path: Path) -> bool:
    """Say whether everybody may enter the folders that lead to a path."""
    return all(not parent.exists() or parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _is_open(path: Path) -> bool:
    return path.stat().st_mode & 0o005 == 0o005


def _starts(argv: Sequence[str]) -> bool:
    try:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=20)  # noqa: S603 - our own programs
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL asks for a user's name, and user {uid} has none here. Run VoteWave as a user that "
            "/etc/passwd lists."
        ) from None


def _server_user(cluster: Path | None = None, names: Sequence[str] = ("postgres", "nobody")) -> pwd.struct_passwd:
    if cluster is not None and cluster.exists() and (uid := cluster.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(uid)
        except KeyError:  # a folder from another machine or container: its number is enough
            return pwd.struct_passwd((str(uid), "", uid, cluster.stat().st_gid, "", "/", ""))
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError(
        "PostgreSQL doesn't run as root and this system has neither a user `postgres` nor `nobody`. "
        "Run VoteWave as another user, or create one: useradd --system postgres"
    )


@functools.cache
def _place() -> Path:
    """Return a folder that everybody reaches and only root writes, made if need be."""
    for place in (Path("/var/lib/votewave"), Path("/tmp/votewave-programs")):  # noqa: S108 - its owner is checked
        with contextlib.suppress(OSError):
            if not place.exists():
                place.mkdir()
                place.chmod(0o755)
            found = place.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and found.st_mode & 0o777 == 0o755:
                return place
    raise EmbeddedError(
        "PostgreSQL doesn't run as root, and there is no place for a copy of its programs that another user reaches: "
        "neither /var/lib/votewave nor /tmp/votewave-programs can be made. Run VoteWave as another user."
    )


def _copy(package: Path, part: Path) -> Path:
    """Return a folder in which everybody can read a part of a package, and the libraries that its wheel brought along.

    The copy is made once for each state of the source, and everything has the place that it has in `site-packages`.
    """
    made = part.stat()
    copy = _place() / f"{part.name}-{made.st_ino:x}-{made.st_mtime_ns:x}"
    if copy.exists():
        return copy
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=_place()))
    try:
        for source in (part, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, new / source.relative_to(package.parent), symlinks=True)
        for parent, _, files in os.walk(new):
            Path(parent).chmod(0o755)
            for file in (Path(parent, name) for name in files):
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
        with contextlib.suppress(OSError):  # another start may have been first
            new.rename(copy)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return copy
