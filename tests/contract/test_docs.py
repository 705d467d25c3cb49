"""The documents say what the code says, and lead where they say."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from services.cli import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_table_of_settings_is_the_codes() -> None:
    printed = CliRunner().invoke(main, ["settings", "--markdown"], catch_exceptions=False).output
    assert (ROOT / "docs" / "settings.md").read_text() == printed, "run `./just settings-docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_other_files_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []
