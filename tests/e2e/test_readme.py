"""What the README tells a newcomer to type does what the README says."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.conftest import VoteWave

ROOT = Path(__file__).parents[2]
BASH, SH = ("bash", "-euo", "pipefail"), ("sh", "-eu")


def shell_blocks(document: Path) -> list[str]:
    """Return the `sh` examples of a document."""
    return re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)


def run(script: str, folder: Path, url: str, shell: Sequence[str] = BASH) -> str:
    """Run an example as a shell does, in a folder that has the clone's `./just`."""
    wrapper = folder / "just"
    wrapper.write_text(f'#!/bin/sh\nexec {ROOT}/just "$@"\n')
    wrapper.chmod(0o755)
    done = subprocess.run(
        [*shell, "-c", script],
        cwd=folder,
        env={**os.environ, "VOTEWAVE_URL": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.needs("curl")
def test_a_newcomer_gets_from_sign_up_to_a_counted_vote(votewave: VoteWave, tmp_path: Path) -> None:
    first_vote = shell_blocks(ROOT / "README.md")[0]
    for shell in (BASH, SH):
        printed = run(first_vote * 2, tmp_path, votewave.url, shell).splitlines()  # a second time it does the same
        for answer, *sums in (printed[:4], printed[4:]):
            assert json.loads(answer)["status"] == "counted"
            assert sums == ["1 Trattoria", "0 Noodle bar", "1 Falafel"]


def test_a_newcomer_counts_a_file_without_a_server(tmp_path: Path) -> None:
    count = shell_blocks(ROOT / "README.md")[1]
    assert "Elected: Bo" in run(count, tmp_path, "")
