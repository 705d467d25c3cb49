"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "follows.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 7
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    said = done.stdout
    assert '"i_follow":"accepted"' in said
    assert said.count("accepted\n") == 2
    assert "requested\n" in said
    assert "404\n" in said
    assert '"type":"https://votewave.dev/problems/not-oneself"' in said
