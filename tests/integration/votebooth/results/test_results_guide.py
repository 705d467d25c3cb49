import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

COUNTING = Path(__file__).parents[4] / "docs" / "counting.md"
API = Path(__file__).parents[4] / "docs" / "api"
GUIDES = ("votebooth.md", "live.md")


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: Any, tmp_path: Path) -> None:
    blocks = [block for name in GUIDES for block in re.findall(r"```sh\n(.*?)```", (API / name).read_text(), re.DOTALL)]
    assert len(blocks) == 13
    by_hand = next(
        block for block in re.findall(r"```sh\n(.*?)```", COUNTING.read_text(), re.DOTALL) if "BOOTH" in block
    )
    same = f'[ "$SEED" = "$({by_hand} )" ]'
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join([*blocks, same])
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "after_vote\n304\n" in done.stdout
    assert '"type":"snapshot"' in done.stdout
    assert "rank1,rank2,cast,weight\nBo,Ada,marks,1\n" in done.stdout
    assert "[{'id': 2, 'label': 'Bo'}]" in done.stdout
    assert '"act":"export.taken"' not in done.stdout  # a stranger took it
