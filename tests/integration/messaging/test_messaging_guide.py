"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "messaging.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    text = GUIDE.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 12
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "Shall we vote on lunch?"
    assert lines[1] == "3"
    assert '"type":"member"' in lines[3]
    assert lines[3].endswith("}1")  # a snapshot
    assert lines[4] == "1"  # an edit
    assert lines[5:7] == ["Shall we vote on lunch?", "🍲"]
    assert lines[7:10] == ["11", "menu.txt", "Soup, 4.50"]
    assert lines[10:12] == ["2", "0"]
    assert lines[12:] == [
        '{"receipts":false,"presence":false}owner',
        "Or bread?",
        "https://votewave.dev/problems/client-id-used",
    ]
