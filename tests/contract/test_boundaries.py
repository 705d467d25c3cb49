"""Every service has the same rooms; that they keep apart is tested in tests/unit/test_contracts.py."""

from pathlib import Path

import pytest
from services import registry

ROOT = Path(__file__).parents[2]


def test_the_registry_has_every_service() -> None:
    folders = {path.parent.name for path in ROOT.glob("services/*/plugin.py")}
    assert folders == set(registry.NAMES)


@pytest.mark.parametrize("name", registry.NAMES)
def test_each_has_the_same_rooms(name: str) -> None:
    folder = ROOT / "services" / name
    for room in ("plugin", "controllers", "service", "models"):
        there = [*folder.glob(f"{room}.py"), *folder.glob(f"*/{room}.py"), *folder.glob(f"{room}/__init__.py")]
        assert there, room
    assert list((folder / "migrations").glob("0001_*.py"))
    docstring = (folder / "__init__.py").read_text().partition('"""')[2].partition('"""')[0]
    for part in ("Owns:", "Publishes:", "Consumes:"):
        assert part in docstring
