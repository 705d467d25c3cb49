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
    folders = {path.parent.name for path in ROOT.glob("services/*/__init__.py")} - {"core", "embedded"}
    assert folders == set(registry.NAMES)


def test_core_may_import_none_of_them() -> None:
    assert {f"services.{name}" for name in registry.NAMES} <= set(rule("core imports no service")["forbidden_modules"])


def test_each_is_independent_of_the_others() -> None:
    assert set(rule("no service imports another")["modules"]) == {f"services.{name}" for name in registry.NAMES}


def test_controllers_of_each_are_held_off_its_tables() -> None:
    contract = rule("controllers know neither tables nor SQL")
    forbidden = set(contract["forbidden_modules"])
    assert "sqlalchemy" in forbidden
    assert {f"services.{name}.models" for name in registry.NAMES} <= forbidden
    for name in registry.NAMES:
        named = [module for module in contract["source_modules"] if module.startswith(f"services.{name}.")]
        rooms = [path for path in (ROOT / "services" / name).rglob("controllers*") if path.suffix in {"", ".py"}]
        assert len(named) == len([path for path in rooms if path.name != "__pycache__"]), name


@pytest.mark.parametrize("name", registry.NAMES)
def test_each_has_the_same_rooms(name: str) -> None:
    folder = ROOT / "services" / name
    for room in ("controllers", "service", "events", "models"):
        assert (folder / f"{room}.py").exists() or (folder / room / "__init__.py").exists(), room
    assert list((folder / "migrations").glob("0001_*.py"))
    docstring = (folder / "__init__.py").read_text().partition('"""')[2].partition('"""')[0]
    for part in ("Owns:", "Publishes:", "Consumes:"):
        assert part in docstring
