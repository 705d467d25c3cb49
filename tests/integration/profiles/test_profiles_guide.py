"""The guide's commands do what the guide says."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import VoteWave

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "profiles.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: VoteWave, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 6
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"display_name":"Ada Lovelace"' in done.stdout
    assert '{"language":"de"}' in done.stdout
    assert re.search(r'"avatar":"/v1/profiles/images/[0-9a-f-]{36}/256.webp"', done.stdout)
    assert '"field":"handle"' in done.stdout
    assert '"field":"links.0"' in done.stdout
    assert done.stdout.rstrip().endswith("409")
