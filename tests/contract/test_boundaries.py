"""Every service has the same rooms, and core names none. Contracts between them: tests/unit/test_contracts.py."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import registry

ROOT = Path(__file__).parents[2]


def test_the_registry_has_every_service() -> None:
    folders = {path.parent.name for path in ROOT.glob("services/*/plugin.py")}
    assert folders == set(registry.NAMES)


NAMED = re.compile(rf"(/v1/|/internal/|services\.)?({'|'.join(registry.NAMES)})([/.:].*)?", re.DOTALL)


def services_named(source: str) -> Iterator[str]:
    """Yield the strings of a module, documentation left out, that name a service, its path, secret or scope."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        said = node.value if isinstance(node, ast.Constant) and id(node) not in prose else None
        if isinstance(said, str) and NAMED.fullmatch(said):
            yield said


def test_core_knows_none_of_them_by_name() -> None:
    for path in (ROOT / "services" / "core").rglob("*.py"):
        assert list(services_named(path.read_text())) == [], path


@pytest.mark.parametrize("name", registry.NAMES)
@pytest.mark.parametrize("form", ["{}", "/v1/{}/things", "services.{}", "{}/database", "{}:write", "{}.thing.done"])
def test_a_name_in_core_would_be_found(name: str, form: str) -> None:
    said = form.format(name)
    assert list(services_named(f'"""Of {said}."""\nX = f(y={said!r})\n')) == [said]


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
