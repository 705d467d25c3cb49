"""Requests made of the API's description: a few of each route, always the same ones. `./just fuzz` sends thousands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def test_the_api_does_what_it_says_of_itself(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    asked = ["--requests=400", "--seed=7", "--examples=1", "--phases=fuzzing", "--as=user", f"--json={found}"]
    done = subprocess.run(
        [sys.executable, "-m", "tools.fuzz", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    report = json.loads(found.read_bytes())
    assert report["requests"] >= 200
    assert {"200", "201", "204", "404", "422"} <= set(report["by_status"])
