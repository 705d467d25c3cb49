"""What some tests need beyond Python and git, and what becomes of them where it is missing.

    @pytest.mark.needs("consul", "haproxy")

They are left out, and the end of the run says how many, of what, and which command brings what is missing. With
`--nothing-left-out` (as `.ci/run` has it) that is a failure, unless it is a right that this machine doesn't give.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

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
    "cloud-init": "cloud-init",
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
}
"""Rights: how to find out about them, and where they are had."""


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
        return shutil.which(name) is not None
    return name in _built()


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


def summary(skipped: list[pytest.TestReport], *, had_here: bool = False) -> list[str]:
    """Return a line for each thing that is missing.

    Args:
        skipped: The tests that were skipped.
        had_here: Leave out what no command can bring to this machine, such as a kernel's permission.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        missing = reason.partition(REASON)[2]
        if missing and not (had_here and missing in SYSTEM):
            counts[missing, report.nodeid.split("/")[1]] += 1
    lines = []
    for missing in dict.fromkeys(name for name, _ in counts):
        of = ", ".join(f"{count} of {folder}" for (name, folder), count in sorted(counts.items()) if name == missing)
        total = sum(count for (name, _), count in counts.items() if name == missing)
        lines.append(f"{total} tests ({of}) need {missing}: {brought_by(missing)}")
    return lines
