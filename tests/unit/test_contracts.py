"""Each contract of import-linter finds what it forbids: it is broken by an import planted in a copy of the services."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from services.registry import NAMES

ROOT = Path(__file__).parents[2]

CIRCLES = "no import circle"
PLANTED = {
    CIRCLES: [("polls.status", "services.polls.service")],
    "no service imports another, and core imports none": [
        *((f"{name}.models", f"services.{other}.plugin") for name, other in pairwise([*NAMES, NAMES[0]])),
        *(("core.text", f"services.{name}.plugin") for name in NAMES),
    ],
    "a service's arrows go one way": [
        ("profiles.models", "services.profiles.repository"),
        ("auth.repository", "services.auth.service.accounts"),
        ("polls.service", "services.polls.plugin"),
    ],
    "a room's arrows go one way": [
        ("votebooth.results.repository", "services.votebooth.results.service"),
        ("votebooth.roll.service", "services.votebooth.roll.controllers"),
    ],
    "VoteBooth's rooms": [
        ("votebooth.poll.rules", "services.votebooth.casting.booth"),
        ("votebooth.casting.guesses", "services.votebooth.results.state"),
        ("votebooth.live.source", "services.votebooth.service"),
    ],
    "core's rooms": [
        ("core.problems", "services.core.http.errors"),
        ("core.observe.trace", "services.core.data.database"),
        ("core.http.api", "services.core.live.hub"),
    ],
    "controllers know neither tables nor SQL": [
        ("profiles.controllers", "services.profiles.repository"),
        ("auth.controllers.keys", "services.auth.models"),
        ("votebooth.roll.controllers", "services.votebooth.roll.repository"),
    ],
    "the vote path knows no ORM": [
        ("votebooth.casting.delta", "sqlalchemy"),
        ("votebooth.casting.batch", "advanced_alchemy"),
    ],
    "the count imports the standard library only": [("votebooth.tally.ties", "msgspec")],
}
"""By contract: a module below `services`, and what it may not import."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what import-linter says of the services with everything planted that is forbidden."""
    place = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "services", place / "services", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    for module, forbidden in (each for planted in PLANTED.values() for each in planted):
        path = place / "services" / module.replace(".", "/")
        with path.with_suffix(".py").open("a") as file:
            file.write(f"\nimport {forbidden}\n")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"]
    ended = subprocess.run(
        command,
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    return ended.stdout


def test_each_contract_has_something_planted() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts] == list(PLANTED)


@pytest.mark.parametrize("name", PLANTED)
def test_a_contract_finds_what_it_forbids(report: str, name: str) -> None:
    assert re.search(rf"^{re.escape(name)} BROKEN", report, re.MULTILINE)
    details = report.partition("Broken contracts")[2]
    found = re.search(rf"^{re.escape(name)}\n-+\n(.*?)(?=^[^\n]+\n-+\n|\Z)", details, re.MULTILINE | re.DOTALL)
    assert found is not None
    for module, forbidden in PLANTED[name]:
        said = f"services.{module} -> {forbidden} "
        if name == CIRCLES:  # which of a circle's imports is one too many isn't for it to say
            said = f"No cycles are allowed in services.{module.partition('.')[0]}.\n"
        assert said in found[1], f"{module} may import {forbidden}"
