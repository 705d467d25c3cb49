"""Bring programs from their vendor, verified, for the machines that run workflows."""

import os
import platform
import re
import sys
import zipfile
from pathlib import Path

from tools.pipeline.common import ROOT, PipelineError, run, tell

PLACE = ROOT / ".tools" / "vendor"
PINS = {"terraform": ROOT / "tools/pipeline/programs.json", "nomad": ROOT / "packer/versions.json"}
PINS["consul"] = PINS["nomad"]
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def bring(names: tuple[str, ...]) -> Path:
    """Fetch programs; return the folder to put on PATH.

    In a workflow the steps that follow have it on PATH already.

    Raises:
        PipelineError: One can't be had, or isn't what is pinned.
    """
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None or sys.platform != "linux":
        raise PipelineError("These are for Linux on amd64 and arm64; elsewhere install them from their vendor.")
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in names:
        fetch = str(ROOT / "packer/provision/fetch")
        run([sys.executable, fetch, "--arch", architecture, "--versions", PINS[name], PLACE, name])
        archive = PLACE / f"{name}.zip"
        with zipfile.ZipFile(archive) as inside:
            inside.extract(name, PLACE)
        archive.unlink()
        (PLACE / name).chmod(0o755)
        tell(f"{name}: {PLACE / name}")
    if (path := os.environ.get("GITHUB_PATH")) is not None:
        with Path(path).open("a") as file:
            file.write(f"{PLACE}\n")
    return PLACE


def install(names: tuple[str, ...]) -> None:
    """Install packages of the system.

    Raises:
        PipelineError: They can't be installed.
    """
    if wrong := [name for name in names if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name)]:
        raise PipelineError(f"No package has a name such as {wrong[0]!r}.")
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    run([*sudo, "apt-get", "update", "-qq"])
    run([*sudo, "apt-get", "install", "-qq", "--yes", "--no-install-recommends", *names])
