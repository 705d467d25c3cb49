"""The rules that hold services apart name every service there is."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from services import registry

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def rule(words: str) -> dict[str, Any]:
    return next(contract for contract in RULES if words in contract["name"])


def test_the_registry_has_every_service() -> None:
    folders = {path.parent.name for path in ROOT.glob("services/*/plugin.py")}
    assert folders == set(registry.NAMES)


def test_core_may_import_none_of_them() -> None:
    assert {f"services.{name}" for name in registry.NAMES} <= set(rule("core imports no service")["forbidden_modules"])


def test_each_is_independent_of_the_others() -> None:
    assert set(rule("no service imports another")["modules"]) == {f"services.{name}" for name in registry.NAMES}


def test_controllers_of_each_are_held_off_its_tables() -> None:
    contract = rule("controllers know neither tables nor SQL")
    forbidden = set(contract["forbidden_modules"])
    assert {"sqlalchemy", "services.*.models", "services.*.repository", "services.*.*.repository"} <= forbidden
    named = set(contract["source_modules"])
    assert named == {"services.*.controllers", "services.*.*.controllers"}
    rooms = [path for name in registry.NAMES for path in (ROOT / "services" / name).rglob("controllers*")]
    for room in rooms:
        if room.suffix in {"", ".py"}:
            depth = len(room.relative_to(ROOT).parts)
            assert depth in {3, 4}, room  # what the two wildcards cover


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
