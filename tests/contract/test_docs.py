"""The documents say what the code says, and lead where they say."""

import ast
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


ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
ROOMS = [
    room
    for whole in ("core", "votebooth")
    for room in sorted((ROOT / "services" / whole).iterdir())
    if (room / "__init__.py").exists()
]


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_map_says_of_each_room_what_the_room_says_of_itself(room: Path) -> None:
    docstring = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
    assert docstring is not None
    assert f"| `{room.parent.name}/{room.name}/` | {docstring.splitlines()[0]} |" in ARCHITECTURE


def test_the_map_has_no_room_that_is_gone() -> None:
    rooms = re.findall(r"^\| `([a-z]+/[a-z]+)/` \|", ARCHITECTURE, re.MULTILINE)
    assert sorted(rooms) == [f"{room.parent.name}/{room.name}" for room in ROOMS]


def test_the_modules_that_a_vote_passes_are_there() -> None:
    modules = re.findall(r"`((?:core|votebooth)/[\w/]+\.py)`", ARCHITECTURE)
    assert len(modules) > 15
    assert [module for module in modules if not (ROOT / "services" / module).exists()] == []
