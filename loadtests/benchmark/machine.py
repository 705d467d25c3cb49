"""The machine, so that numbers can be compared with others of the same machine only."""

import os
import platform
from pathlib import Path

import msgspec
import psutil


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured.

    Attributes:
        cpu: The processor's name.
        cores: Logical cores this process may use.
        memory_gb: RAM.
        system: Kernel and architecture.
        python: Version.
        disk: File system of the data folder.
        load: Runnable processes in the last minute, before the run: other work on the machine.
    """

    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    disk: str
    load: float

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.cpu}), {self.memory_gb:.0f} GB RAM, {self.disk}, {self.system}, "
            f"Python {self.python}; load before the run {self.load:.1f}"
        )


def look(data_dir: Path) -> Machine:
    """Describe the machine and the disk that `data_dir` is on."""
    return Machine(
        cpu=_cpu(),
        cores=cores(),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        disk=_file_system(data_dir),
        load=round(os.getloadavg()[0], 1),
    )


def cores() -> int:
    """Return how many logical cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _file_system(folder: Path) -> str:
    mounts = [m for m in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(m.mountpoint)]
    return max(mounts, key=lambda m: len(m.mountpoint)).fstype if mounts else "unknown"
