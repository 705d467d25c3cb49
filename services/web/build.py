"""Makes the client's build when it is missing or older than its sources.

The build is made beside the one that is served and put in its place as a whole, so that a page never finds half of it.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from services.web import node
from services.web.node import ROOT, Node, WebError, last_line

FRONTEND = ROOT / "frontend"
PACKED = {"br": ".br", "gzip": ".gz"}
"""How assets are packed, smallest first, and what each one's name then ends in."""
SERVED = FRONTEND / "dist" / "served"

_MADE_OF = "made-of"
_APART = {"node_modules", "dist", "tests"}
_LEAST_BYTES = 1000
_PACKABLE = {".js", ".css", ".svg"}


class Builder:
    """Builds in a thread, beside a server.

    Args:
        say: Takes what a person shall read.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin if there is something to do: sources, no build of them, and leave to build."""
        if FRONTEND.is_dir() and os.environ.get("VOTEWAVE_BUILD") != "never" and not is_current():
            self._thread = threading.Thread(target=self._run, name="web-build", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End a build that is under way: nothing of it is left running, and what was served before stays."""
        if self.making():
            self._stopping.set()
            node.end_all()

    def making(self) -> bool:
        """Return whether a build is under way."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            build(self._say)
        except (WebError, OSError, subprocess.SubprocessError) as exc:
            if not self._stopping.is_set():
                self._say(f"the web client isn't built: {exc}. The API goes on")
        else:
            self._say("the web client is built; reload the page")


def is_current() -> bool:
    """Return whether what is served was built of the sources as they are."""
    made_of = SERVED / _MADE_OF
    return made_of.is_file() and made_of.read_text() == digest_of(FRONTEND)


def build(say: Callable[[str], None]) -> None:
    """Build the client, unless another process has just done so.

    Raises:
        WebError: It can't be built; says why.
    """
    with _alone():
        if is_current():
            return
        digest = digest_of(FRONTEND)
        tools = node.find(say)
        _install(tools, say, everything=False)
        say("building the web client …")
        made = FRONTEND / "dist" / "next"
        shutil.rmtree(made, ignore_errors=True)
        _run(tools, "node_modules/vite/bin/vite.js", "build", "--outDir", str(made), "--logLevel", "warn")
        _pack(tools, made / "assets")
        (made / _MADE_OF).write_text(digest)
        old = FRONTEND / "dist" / "old"
        shutil.rmtree(old, ignore_errors=True)
        if SERVED.exists():
            SERVED.rename(old)
        made.rename(SERVED)
        shutil.rmtree(old, ignore_errors=True)


def install(tools: Node, say: Callable[[str], None]) -> None:
    """Bring all packages that package-lock.json names, also those that a build doesn't need.

    Args:
        tools: Has npm.
        say: Takes what a person shall read.

    Raises:
        WebError: npm can't.
    """
    with _alone():
        _install(tools, say, everything=True)


def _install(tools: Node, say: Callable[[str], None], *, everything: bool) -> None:
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    stamp = FRONTEND / "node_modules" / ".votewave"
    there = stamp.read_text() if stamp.is_file() else ""
    if there in {f"{lock} all", f"{lock} all" if everything else f"{lock} build"}:
        return
    say("bringing the web client's packages into frontend/node_modules/ (once) …")
    options = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    command = [*tools.npm, *options, *([] if everything else ["--omit=dev"])]
    done = node.run(command, FRONTEND, tools.environment)
    if done.returncode:
        raise WebError(f"npm couldn't bring its packages: {_why(done.stderr)}")
    stamp.write_text(f"{lock} {'all' if everything else 'build'}")


def _run(tools: Node, *arguments: str) -> None:
    command = [str(tools.program), *arguments]
    done = node.run(command, FRONTEND, tools.environment | {"NODE_ENV": "production"})
    if done.returncode:
        raise WebError(f"it couldn't be built; Node.js says:\n{(done.stderr or done.stdout).strip()}")


_PACK = """
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
for (const path of process.argv.slice(1)) {
  const data = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(data));
  writeFileSync(`${path}.gz`, gzipSync(data, { level: 9 }));
}
"""


def _pack(tools: Node, assets: Path) -> None:
    """Write the packed forms beside the files: once, so that it may take its time, and no request has to."""
    worth = [it for it in sorted(assets.iterdir()) if it.suffix in _PACKABLE and it.stat().st_size >= _LEAST_BYTES]
    _run(tools, "--input-type=module", "--eval", _PACK, *map(str, worth))


def _why(said: str) -> str:
    """Return npm's reason: its first line that isn't a mere code."""
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    told = [line for line in lines if line and not line.startswith(("code ", "errno ", "syscall ", "A complete log"))]
    return told[0] if told else last_line(said)


def digest_of(sources: Path) -> str:
    """Return what the client's sources in a folder are, whatever their times."""
    digest = hashlib.sha256()
    for path in _sources(sources):
        digest.update(f"{path.relative_to(sources)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _APART or path.name == "schema.d.ts":  # types are erased, and made anew by each check
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process of this clone builds or brings packages: npm takes away those that a build reads."""
    folder = FRONTEND / "dist"
    folder.mkdir(exist_ok=True)
    with (folder / "client.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
