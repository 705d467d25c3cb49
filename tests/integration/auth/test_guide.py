import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "api" / "auth.md"


@pytest.mark.needs("curl")
def test_the_guides_commands_run_one_after_the_other(votewave: Any, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 10
    script = f"set -euo pipefail\nURL={votewave.url}\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"kind":"guest"' in done.stdout
    assert '"items":[' in done.stdout
