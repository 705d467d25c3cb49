"""A version for the local cluster is built by whatever Python runs VoteWave."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# The system's own are often older than what `uv` chooses, and below 3.11.4 lack what later ones have.
PYTHONS = sorted({sys.executable, *map(str, Path("/usr/bin").glob("python3.1[1-9]"))})


@pytest.mark.parametrize("python", PYTHONS)
def test_a_commit_is_exported(python: str, tmp_path: Path) -> None:
    export = "import sys, pathlib; from tools.cluster import images; images._export('HEAD', pathlib.Path(sys.argv[1]))"
    subprocess.run([python, "-c", export, tmp_path], cwd=ROOT, check=True, timeout=60)
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD", "services", "LICENSE"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert "services/cli.py" in listed
    assert [path for path in listed if not (tmp_path / path).is_file()] == []
    assert (tmp_path / "services/cli.py").stat().st_uid == tmp_path.stat().st_uid
    assert not (tmp_path / "services/cli.py").stat().st_mode & 0o022, "nobody else may change it"
