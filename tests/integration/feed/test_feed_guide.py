"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "feed.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 9
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    said = done.stdout
    assert said.count('"kind":"poll"') == 4  # among them what is hidden
    assert '"text":"Where do we meet in March?"' in said
    assert '"has_voted":false' in said
    assert "False\n" in said  # not corrected
    assert said.endswith("https://votewave.dev/problems/bad-cursor\n")
