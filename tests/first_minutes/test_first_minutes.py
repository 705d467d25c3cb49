"""The README's two commands on fresh machines: `./just test-first-minutes`.

A fresh machine has Python and git, PATH=/usr/bin:/bin and an empty home. Each test clones this repository's last commit
to a place of a kind that people have, and runs `./just up` and `./just test` there. The packages come from the package
index, or from uv's cache where the test's user may read it.

`./just test` runs every test on the plain Debian, which has least. Elsewhere it gets `SOME` of them, so that it takes
minutes: those that start servers as `up` does and those that need the repository's files. VOTEWAVE_WHOLE_TEST=1 runs
every test in each place.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
DEBIAN = CACHE / "votewave" / "first-minutes" / "bookworm"
STORE = Path("/etc/ssl/certs/ca-certificates.crt")
WITHOUT_NAMESPACES = (sys.executable, str(ROOT / "tests/without_namespaces.py"))
SOME = ("tests/unit/polls", "tests/contract", "tests/integration/embedded", "tests/integration/core/test_migrations.py")
WHOLE = os.environ.get("VOTEWAVE_WHOLE_TEST") == "1"
UP_SECONDS = 300
SOME_SECONDS, WHOLE_SECONDS = 1500, 7200


@dataclass(frozen=True)
class Machine:
    """A fresh machine, or what is one for somebody.

    Attributes:
        clone: The clone, as the machine's programs see it.
        prefix: What runs a program there.
        environment: Variables beyond PATH and HOME.
    """

    clone: str
    home: str
    prefix: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    _SHELL: ClassVar[str] = 'cd "$0" && echo begun && exec ./just "$@"'

    def start(self, *command: str, **more: str) -> "subprocess.Popen[str]":
        """Start `./just …` in the clone, and wait until it has started."""
        variables = {"PATH": "/usr/bin:/bin", "HOME": self.home, **self.environment, **more}
        given = [f"{name}={value}" for name, value in variables.items()]
        inside = ["/usr/bin/env", "-i", *given, "/bin/sh", "-c", self._SHELL, self.clone, *command]
        process = subprocess.Popen(
            [*self.prefix, *inside],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd="/",
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process


def clone(where: Path) -> Path:
    """Clone the last commit, as `git clone` does."""
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(where)], check=True)
    return where


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vw-first-", dir="/var/tmp") as name:
        yield Path(name)


def cached() -> dict[str, str]:
    """Let uv take packages that this machine has already; only for who may write into its cache."""
    uv = shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    found = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True)
    return {"UV_CACHE_DIR": found.stdout.strip()}


def root_s_home(folder: Path) -> Machine:
    """A folder that only root may enter, as root's home is on every server."""
    folder.chmod(0o700)
    return Machine(str(clone(folder / "votewave")), str(folder), environment=cached())


def root_s_home_in_a_container(folder: Path) -> Machine:
    """The same where the kernel allows no user namespace."""
    folder.chmod(0o700)
    return Machine(str(clone(folder / "votewave")), str(folder), WITHOUT_NAMESPACES, cached())


def path_with_spaces(folder: Path) -> Machine:
    """A clone and a home whose names have spaces."""
    home = folder / "my home"
    home.mkdir()
    return Machine(str(clone(home / "my vote wave")), str(home), environment=cached())


def ordinary_user(folder: Path) -> Machine:
    """Somebody who isn't root, with a home and a cache of their own."""
    home = folder / "home"
    home.mkdir()
    made = clone(home / "votewave")
    if os.geteuid() != 0:
        return Machine(str(made), str(home), environment=cached())
    folder.chmod(0o755)
    subprocess.run(["chown", "-R", "65534:65534", str(home)], check=True)
    return Machine(str(made), str(home), ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"))


def plain_debian(folder: Path) -> Machine:
    """A root file system of debootstrap with Python and git; `up` has no certificates but this machine's own."""
    if not DEBIAN.exists():
        new = DEBIAN.with_name(f".new-{os.getpid()}")
        new.parent.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", "--include=python3,git", "bookworm", str(new)]
        made = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        assert made.returncode == 0, made.stdout[-2000:]
        new.rename(DEBIAN)
    system = folder / "debian"
    subprocess.run(["cp", "-a", str(DEBIAN), str(system)], check=True)
    shutil.copy("/etc/resolv.conf", system / "etc/resolv.conf")
    if STORE.exists():  # what a company's network needs is on its machines
        (system / STORE.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
        shutil.copy(STORE, system / STORE.relative_to("/"))
    clone(system / "root/votewave")
    subprocess.run(["mount", "-t", "proc", "proc", str(system / "proc")], check=True)
    subprocess.run(["mount", "--rbind", "--make-rslave", "/dev", str(system / "dev")], check=True)
    return Machine("/root/votewave", "/root", ("chroot", str(system)))


@contextlib.contextmanager
def made(kind: Callable[[Path], Machine], folder: Path) -> Iterator[Machine]:
    try:
        yield kind(folder)
    finally:
        if kind is plain_debian:
            for mounted in ("dev", "proc"):
                subprocess.run(["umount", "--lazy", str(folder / "debian" / mounted)], check=False)


KINDS = [
    pytest.param(root_s_home, marks=pytest.mark.needs("root")),
    pytest.param(root_s_home_in_a_container, marks=pytest.mark.needs("root")),
    path_with_spaces,
    ordinary_user,
    pytest.param(plain_debian, marks=pytest.mark.needs("root", "mounts", "debootstrap")),
]


@pytest.mark.parametrize("kind", KINDS)
def test_up_and_test_work_in_a_fresh_clone(
    kind: Callable[[Path], Machine], folder: Path, measured: Callable[[str], None]
) -> None:
    with made(kind, folder) as machine:
        first = up(machine)
        again = up(machine)
        measured(f"{kind.__name__}: up after {first:.0f} s, again after {again:.0f} s")
        whole = WHOLE or kind is plain_debian
        began = time.monotonic()
        process = machine.start("test", *(() if whole else SOME))
        try:
            output = process.communicate(timeout=WHOLE_SECONDS if whole else SOME_SECONDS)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            output = process.communicate()[0]
        assert process.returncode == 0, output[-6000:]
        assert re.search(r"\[100%\]", output), output[-3000:]
        tests = "all tests" if whole else "some tests"
        measured(f"{kind.__name__}: {tests} after {time.monotonic() - began:.0f} s: {output.splitlines()[-1]}")


def up(machine: Machine) -> float:
    """Start VoteWave, ask it for a guest's token, and stop it; return after how many seconds it was up."""
    port = free_port()
    process = machine.start("up", "--port", str(port))
    began = time.monotonic()
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if len(lines) == 1:
                assert time.monotonic() - began < 1, "nobody waits in silence"
            if line.startswith("VoteWave is up"):
                break
            assert time.monotonic() - began < UP_SECONDS, lines
        assert lines, "it said nothing"
        assert lines[-1].startswith("VoteWave is up"), "".join(lines)
        took = time.monotonic() - began
        assert httpx.post(f"http://127.0.0.1:{port}/v1/auth/guests", json={}, timeout=20).json()["access_token"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0, rest
    assert rest.splitlines()[-1].startswith("votewave: Stopped."), rest
    return took
