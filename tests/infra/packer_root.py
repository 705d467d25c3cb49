"""A plain Debian in a folder, and the provisioning scripts run in it for real."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packer_servers import PACKER, program

import needs
from child_processes import end_with_parent

PINS: dict[str, Any] = json.loads((PACKER / "versions.json").read_text())
CODENAME = PINS["debian"]["codename"]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "votewave" / "machine-images"
DEBS = CACHE / "debs"
KEPT = "/srv/debs"
FORTNIGHT_SECONDS = 14 * 86400
MIRROR = "http://deb.debian.org/debian"
SOURCES = f"""\
deb {MIRROR} {CODENAME} main
deb {MIRROR} {CODENAME}-updates main
deb {MIRROR}-security {CODENAME}-security main
"""
# What Debian's image for EC2 has beyond debootstrap's least, as far as the scripts meet it.
SOURCE, ARTEFACTS = "/srv/votewave", "/srv/artefacts"
BASE = ["systemd-sysv", "openssh-server", "udev", "ca-certificates", "python3"]
ROOT_MB = 2000
# A third of a tarball: packages that are installed, and lists that are fetched anew before the next one is.
OF_NO_USE = [f"--exclude=./var/{it}" for it in ("cache/apt/*.bin", "cache/apt/archives/*.deb", "lib/apt/lists/*")]


def base() -> Path:
    """Return a tarball of a plain Debian; made once for each release of it, and again after a fortnight."""
    CACHE.mkdir(parents=True, exist_ok=True)
    tarball = CACHE / f"{CODENAME}.tar"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if tarball.exists() and time.time() - tarball.stat().st_mtime < FORTNIGHT_SECONDS:
            return tarball
        folder = CACHE / f"{CODENAME}.new"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            command = [
                "debootstrap",
                "--variant=minbase",
                f"--include={','.join(BASE)}",
                CODENAME,
                str(folder),
                MIRROR,
            ]
            made = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            if made.returncode != 0 and tarball.exists():
                return tarball
            if made.returncode != 0:
                needs.unreachable("Debian's mirror", made.stdout[-300:])
            (folder / "etc/apt/sources.list").write_text(SOURCES)
            new = tarball.with_suffix(".part")
            subprocess.run(["tar", "-C", str(folder), *OF_NO_USE, "-cf", str(new), "."], check=True, timeout=300)
            new.replace(tarball)
            shutil.rmtree(DEBS, ignore_errors=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return tarball


def with_package(name: str) -> Path:
    """Return a tarball of a plain Debian that has a package; made once, and again when the plain one is."""
    plain, tarball = base(), CACHE / f"{CODENAME}-{name}.tar"
    with (CACHE / f"{name}.lock").open("w") as lock:  # of its own: the plain one isn't to be waited for meanwhile
        fcntl.flock(lock, fcntl.LOCK_EX)
        if tarball.exists() and tarball.stat().st_mtime > plain.stat().st_mtime:
            return tarball
        with TemporaryDirectory() as place, unpacked(plain, Path(place) / name) as root:
            updated = root.run("apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any")
            if updated.returncode != 0:
                needs.unreachable("Debian's mirror", updated.stderr[-300:])
            install = ("apt-get", "install", "-qq", "--yes", "--no-install-recommends", name)
            done = root.run(*install, seconds=540, DEBIAN_FRONTEND="noninteractive")
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
            new = tarball.with_suffix(".part")
            leave = (f"--exclude=.{KEPT}", "--exclude=./proc/*", *OF_NO_USE)
            subprocess.run(["tar", "-C", str(root.folder), *leave, "-cf", str(new), "."], check=True, timeout=300)
            new.replace(tarball)
    return tarball


def stand_in(name: str, folder: Path) -> None:
    """Make a package that stands in for one of AWS's agents, whose host can't be reached from everywhere."""
    tree = folder / f"{name}.tree"
    unit = tree / f"lib/systemd/system/{name}.service"
    (tree / "DEBIAN").mkdir(parents=True)
    unit.parent.mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 0\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\n"
        f"Description: stands in for {name}\n"
    )
    unit.write_text(
        f"[Unit]\nDescription={name}\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    )
    command = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(folder / f"{name}.deb")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    shutil.rmtree(tree)


def artefacts(folder: Path) -> None:
    """Fill a folder as `fetch` does: the real Consul, Nomad and goss, built here from the pinned sources."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("consul", "nomad"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_STORED) as archive:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, Path(program(name)).read_bytes())
    shutil.copy(program("goss"), folder / "goss")
    (folder / "rds-ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    for name in ("amazon-ssm-agent", "amazon-cloudwatch-agent"):
        stand_in(name, folder)


class Root:
    """A Debian in a folder.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *command: str, seconds: float = 120, net: bool = True, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command in it, with nothing of our environment."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **more}
        prefix = [] if net else ["unshare", "--net"]
        return subprocess.run(
            [*prefix, "chroot", str(self.folder), *command],
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
            check=False,
            preexec_fn=end_with_parent,
        )

    def provision(self, role: str, *step: str) -> "subprocess.CompletedProcess[str]":
        """Run all provisioning scripts, or one."""
        script = f"{SOURCE}/provision/{step[0] if step else 'run'}"
        return self.run(script, seconds=540, ROLE=role, SOURCE=SOURCE, ARTEFACTS=ARTEFACTS)

    def goss(self, role: str) -> tuple[int, dict[str, Any]]:
        """Ask goss, as the build does; return its status and what it found."""
        share = "/opt/votewave/share/goss"
        said = self.run(
            "/opt/votewave/bin/goss", "-g", f"{share}/goss-{role}.yaml", "--vars", f"{share}/versions.json",
            "validate", "--format", "json",
        )  # fmt: skip
        return said.returncode, json.loads(said.stdout)


@contextmanager
def debian(folder: Path) -> Iterator[Root]:
    """Unpack a Debian with the scripts and artefacts in it; take it away in the end."""
    with unpacked(base(), folder) as root:
        shutil.copytree(PACKER, folder / SOURCE[1:], ignore=shutil.ignore_patterns("__pycache__", "*.pkr.hcl"))
        artefacts(folder / ARTEFACTS[1:])
        yield root


@contextmanager
def unpacked(tarball: Path, folder: Path) -> Iterator[Root]:
    """Unpack a Debian that reaches its mirror; take it away in the end."""
    folder.mkdir(parents=True)
    done: list[Path] = []
    try:
        if memory_mb() > 8 * ROOT_MB:
            # Thousands of small files, for minutes: a disk that others use as well would take several times as long.
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOT_MB}m", "tmpfs", folder], check=True, timeout=30)
            done.append(folder)
        yield _prepared(folder, done, tarball)
    finally:
        for place in reversed(done):
            subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def memory_mb() -> int:
    """Return how much memory can be had, in MiB."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) // 1024 if found else 0


def _prepared(folder: Path, done: list[Path], tarball: Path) -> Root:
    subprocess.run(["tar", "-C", str(folder), "-xf", str(tarball)], check=True, timeout=300)
    for name in ("resolv.conf", "hosts"):
        (folder / "etc" / name).write_bytes(Path("/etc", name).read_bytes())
    # This machine's way to the mirror, which a build machine has of its own.
    for file in Path("/etc/apt/apt.conf.d").glob("*artifact*"):
        shutil.copy(file, folder / "etc/apt/apt.conf.d/99here")
    if (proxy := os.environ.get("http_proxy")) is not None:
        (folder / "etc/apt/apt.conf.d/99proxy").write_text(f'Acquire::http::Proxy "{proxy}";\n')
    # Nobody's machine: that a power cut would spoil it is of no matter, and it is made in half the time.
    (folder / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
    # Packages that an earlier run has fetched; the build itself leaves none behind.
    DEBS.mkdir(parents=True, exist_ok=True)
    (folder / KEPT[1:]).mkdir()
    (folder / "etc/apt/apt.conf.d/98keep").write_text(
        f'DPkg::Pre-Invoke {{ "cp -n /var/cache/apt/archives/*.deb {KEPT}/ 2>/dev/null || true"; }};\n'
    )
    for deb in DEBS.glob("*.deb"):
        shutil.copy(deb, folder / "var/cache/apt/archives")
    mounts = [["-t", "proc", "proc", "proc"], ["--bind", str(DEBS), KEPT[1:]]]
    for *options, where in mounts:
        place = folder / where
        subprocess.run(["mount", *options, str(place)], check=True, timeout=30)
        done.append(place)
    return Root(folder)
