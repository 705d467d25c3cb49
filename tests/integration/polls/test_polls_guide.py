"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "polls.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 9
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    said = done.stdout
    assert '"field":"method.seats"' in said
    assert '"field":"rules.strength"' in said
    lines = re.findall(r"^(?:.*[}])?(scheduled|412|Voting has begun.*|draft|closed|archived|404)$", said, re.MULTILINE)
    assert [line[:16] for line in lines] == [
        "scheduled",
        "412",
        "Voting has begun",
        "draft",
        "closed",
        "archived",
        "404",
    ]
