"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[4] / "docs" / "api" / "rooms.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 5
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.startswith("audience\n1\n90\n"), done.stdout
    assert '"act":"timer.started"' in done.stdout
    assert "Bo,True,Why in March?,1,shown,True,False" in done.stdout
    assert done.stdout.endswith("ended\n")
