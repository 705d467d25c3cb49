"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "expressions.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    text = GUIDE.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 9
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    said = done.stdout
    assert '"type":"tag","text":"#Riga","tag":"riga"' in said
    assert '"url":"https://example.org/lisbon"' in said
    assert "True\n{'🎉': 1}\n" in said
    assert "1\nWhere do we meet in March? #Riga\n" in said
    assert said.count('"text":"Riga!","parts"') == 1
    assert said.count('"mine":{"like":false,"clap":false,"emoji":"🎉"') == 2
    assert said.endswith("https://votewave.dev/problems/wave-refused\n")
