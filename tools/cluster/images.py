"""A version for raw_exec: a folder with a virtual environment of its own, built from a wheel, and the web client."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from services.web.build import FRONTEND, SERVED, digest_of
from tools.cluster.place import ROOT

_MADE_OF = ("services", "frontend", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
_COMPLETE = "complete"  # written last; a virtual environment can't be made elsewhere and moved
_VERSION = re.compile(r"[0-9a-f]{40}(-[a-z0-9][a-z0-9.-]{0,40})?")


class ImageError(Exception):
    """A version can't be built; the message says why."""


def current_version() -> str:
    """Return the work tree's version: its commit, with a suffix if files that go into an image have changed."""
    commit = _git("rev-parse", "HEAD").strip()
    different = _git("status", "--porcelain", "--untracked-files=all", "--", *_MADE_OF)
    if not different:
        return commit
    digest = hashlib.sha256(_git("diff", "HEAD", "--", *_MADE_OF).encode())
    for path in _git("ls-files", "--others", "--exclude-standard", "--", *_MADE_OF).splitlines():
        digest.update(path.encode() + (ROOT / path).read_bytes())
    return f"{commit}-{digest.hexdigest()[:8]}"


def make(version: str, releases: Path) -> Path:
    """Build a version unless it exists; return its folder.

    Args:
        version: The commit to build; with a suffix, the work tree as it is.
        releases: The folder of versions.

    Raises:
        ImageError: There is no such commit, or it can't be built.
    """
    if not _VERSION.fullmatch(version):
        raise ImageError(f"{version} is no version: 40 hexadecimal digits, and locally perhaps -SUFFIX.")
    folder = releases / version
    if (folder / _COMPLETE).exists():
        return folder
    releases.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="votewave-") as exported:
            if "-" in version:
                _install(ROOT, folder)
            else:
                _export(version, Path(exported))
                _install(Path(exported), folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / _COMPLETE).touch()
    return folder


def _export(commit: str, folder: Path) -> None:
    try:
        archive = subprocess.run(
            ["git", "archive", "--format=tar", commit, *_MADE_OF], cwd=ROOT, capture_output=True, check=True
        ).stdout
    except subprocess.CalledProcessError as exc:
        raise ImageError(f"There is no commit {commit} here: {exc.stderr.decode().strip()}") from exc
    # Not by tarfile: its filters came with 3.11.4, later than the Python of Debian 12, and without one 3.12 warns.
    subprocess.run(
        ["tar", "--extract", "--file=-", "--no-same-owner", "--no-same-permissions", "--directory", folder],
        input=archive,
        check=True,
    )


def _install(source: Path, folder: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    environment["UV_PROJECT_ENVIRONMENT"] = str(folder)
    # Compile byte code now, not at the first start.
    command = [_uv(), "sync", "--frozen", "--no-editable", "--no-default-groups", "--compile-bytecode", "--quiet"]
    command += ["--reinstall-package", "votewave", "--project", str(source)]
    _run(command, source, environment)
    # By the version's own program, unless its client is this clone's: then Node.js's packages are here already.
    clone = digest_of(source / "frontend") == digest_of(FRONTEND)
    where = ROOT if clone else source
    _run([sys.executable, "-m", "services.web", "build"], where, environment)
    shutil.copytree(where / SERVED.relative_to(ROOT), folder / "share" / "votewave" / "web")


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"The image can't be built:\n{done.stderr.strip()[-2000:]}")


def _uv() -> str:
    found = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    if not Path(found).exists():
        raise ImageError("uv isn't on PATH; run this by ./just.")
    return found


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as exc:
        raise ImageError("A version is a commit of git, and git can't tell: name one, or install git.") from exc
