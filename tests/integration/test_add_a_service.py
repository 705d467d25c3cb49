"""CONTRIBUTING.md, "Add a service", followed to the letter in a copy of the project."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from tests.conftest import VoteWave, eventually

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Add a service\n")[2].partition("\n## ")[0]
FILES = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
MOST_LINES = 150


def run(copy: Path, *arguments: str) -> str:
    """Run Python in the copy, and return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def take_types_along(copy: Path) -> None:
    """Copy what mypy knows of the project, if it was checked before: all but the new service is as it was."""
    for known in (ROOT / ".mypy_cache").glob("3.*/cache.*.db"):
        place = copy / known.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        with (
            suppress(sqlite3.Error),  # mypy then finds it out by itself
            closing(sqlite3.connect(f"file:{known}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(place)) as target,
        ):
            source.backup(target)  # whole, whoever writes to it


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, with the page's service in it."""
    copy = tmp_path_factory.mktemp("project")
    copy.chmod(0o755)
    # With its byte code, which is as good here: times are copied as well. What is being written has a longer name.
    ignored = shutil.ignore_patterns("*.pyc.*", ".terraform")
    for name in ("services", "tools", "docs", "nomad", "terraform"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, text in FILES.items():
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(text)
    registry = copy / "services" / "registry.py"
    before = registry.read_text()
    registry.write_text(
        re.sub(r"^(NAMES = \([^)]*?),?\n?\)$", r'\1, "bookmarks")', before, count=1, flags=re.MULTILINE)
    )
    assert registry.read_text() != before
    run(copy, "-m", "services.cli", "revision", "bookmarks", "-m", "tables of Bookmarks")
    run(copy, "-m", "tools.generate")
    return copy


@pytest.fixture(scope="module")
def running(copy: Path) -> Iterator[VoteWave]:
    running = VoteWave(copy / "data", copy)
    running.start()
    yield running
    running.stop()


def test_the_service_is_small() -> None:
    lines = [line for text in FILES.values() for line in text.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


def test_it_keeps_the_rules(copy: Path) -> None:
    run(copy, "-m", "ruff", "check", "services/bookmarks", "--exclude", "migrations")
    run(copy, "-m", "ruff", "format", "--check", "services/bookmarks", "--exclude", "migrations")
    take_types_along(copy)
    run(copy, "-m", "mypy", "-p", "services.bookmarks")
    kept = run(copy, "-c", "from importlinter.cli import lint_imports_command as main; main()")
    assert " 0 broken." in kept


def test_what_is_generated_knows_it(copy: Path) -> None:
    assert "/v1/bookmarks" in (copy / "nomad/gateway/routes.map").read_text()
    assert '"bookmarks:write"' in (copy / "services/auth/scopes.py").read_text()
    assert json.loads((copy / "terraform/modules/naming/names.json").read_text())["services"]["bookmarks"]


async def test_it_runs_remembers_and_forgets(running: VoteWave) -> None:
    async with httpx.AsyncClient(base_url=running.url, timeout=20) as client:
        ada = (
            await client.post(
                "/v1/auth/accounts", json={"email": "ada@example.org", "password": "correct horse battery"}
            )
        ).json()
        client.headers["authorization"] = f"Bearer {ada['access_token']}"
        options = [{"label": "Noodles"}, {"label": "Falafel"}]
        poll = await client.post(
            "/v1/polls", json={"title": "Lunch?", "method": {"type": "approval"}, "publish": True, "options": options}
        )
        added = await client.post("/v1/bookmarks", json={"poll": poll.json()["id"]})
        assert added.status_code == 201, added.text
        assert (await client.get("/v1/bookmarks")).json()["items"] == [added.json()]
        told = await running.sql("SELECT kind FROM bookmarks.outbox")
        assert [row["kind"] for row in told] == ["bookmarks.bookmark.added"]
        assert (await client.delete(f"/v1/polls/{poll.json()['id']}")).status_code in {200, 202, 204}

        async def forgotten() -> bool:
            return (await client.get("/v1/bookmarks")).json() == {"items": [], "next": None}

        assert await eventually(forgotten)
