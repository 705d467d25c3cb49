"""The documents say what the code says, and lead where they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_other_files_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_for_sh_run_in_any_posix_shell(document: Path) -> None:
    script = "".join(re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL))
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [shellcheck, "--shell=sh", "--format=gcc", "-"], input=script, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr  # 2 and above: it couldn't look
    assert [line for line in done.stdout.splitlines() if re.search(r"\[SC3\d{3}\]$", line)] == []  # other shells' own
