"""What a process costs: measured as it is deployed, in an environment without development packages.

With them Litestar imports more (numpy, pydantic, attrs and what else is there), which nobody runs.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from core_place import free_port
from services.core.aws.secrets import FileSecrets
from services.core.data.migrations import migrate
from services.embedded import Embedded
from services.registry import NAMES, load_services

import needs

ROOT = Path(__file__).parents[3]
READY_SECONDS, ALL_READY_SECONDS = 2.0, 5.0
ONE_MB, ALL_MB = 110, 250


@pytest.fixture(scope="module")
def lean(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with the packages that a deployment has."""
    uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    environment = tmp_path_factory.mktemp("lean") / "venv"
    done = subprocess.run(
        [uv, "sync", "--frozen", "--no-default-groups", "--no-install-project", "--python", sys.executable],
        cwd=ROOT,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode:
        needs.unreachable("the package index", done.stderr[-300:])
    return str(environment / "bin" / "python")


@pytest.fixture(scope="module")
def place() -> Iterator[dict[str, str]]:
    """Variables of a place where every service can run."""
    with tempfile.TemporaryDirectory(prefix="vw-") as name, Embedded(Path(name) / "data") as servers:
        secrets = FileSecrets(Path(name) / "secrets.json")
        secrets.ensure("internal/key", lambda: "k" * 43)
        for service in load_services(["all"]):
            secrets.ensure(f"{service.name}/database", lambda: "p" * 24)
            for secret, make in service.secrets.items():
                secrets.ensure(f"{service.name}/{secret}", make)
        asyncio.run(migrate(NAMES, servers.database_url, secrets))
        mine = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VOTEWAVE_"))}
        yield mine | {
            "PYTHONPATH": str(ROOT),
            "PYTHONNODEBUGRANGES": "1",  # as in the image; tests/integration/test_image.py sees that it is
            "VOTEWAVE_DATABASE_URL": servers.database_url.replace("postgres@", ""),
            "VOTEWAVE_REDIS_URL": servers.redis_url,
            "VOTEWAVE_SECRETS": f"file://{secrets.path}",
            "VOTEWAVE_STORAGE": f"file://{name}/files",
            "VOTEWAVE_LOG_LEVEL": "warning",
        }


def measure(python: str, place: dict[str, str], name: str) -> tuple[float, float, float]:
    """Run services; return seconds until ready, processor seconds until then, resident MB a second later."""
    port = free_port()
    began = time.monotonic()
    process = psutil.Popen(
        [python, "-m", "services.cli", "run", name], cwd="/", env={**place, "VOTEWAVE_PORT": str(port)}
    )
    try:
        while not answers(f"http://127.0.0.1:{port}/health/ready"):
            assert process.poll() is None
            assert time.monotonic() - began < 60
            time.sleep(0.01)
        took = time.monotonic() - began
        times = process.cpu_times()
        time.sleep(1)
        return took, times.user + times.system, process.memory_info().rss / 2**20
    finally:
        process.terminate()
        process.wait(15)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  (of this test's own)
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("name", [*NAMES, "all"])
def test_a_process_is_small_and_soon_ready(
    lean: str, place: dict[str, str], name: str, measured: Callable[[str], None]
) -> None:
    best = (float("inf"),) * 3
    soon = ALL_READY_SECONDS if name == "all" else READY_SECONDS  # ten services have ten times the routes and tables
    for _ in range(3):  # a busy machine makes it slower; nothing makes it faster
        best = min(best, measure(lean, place, name), key=lambda one: one[1])
        if best[1] <= soon:
            break
    wall, processor, resident = best
    measured(f"run {name}: ready in {wall:.1f} s (processor {processor:.1f} s), {resident:.0f} MB resident")
    assert processor <= soon
    assert resident <= (ALL_MB if name == "all" else ONE_MB)
