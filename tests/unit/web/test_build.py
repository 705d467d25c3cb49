"""Processes of one clone that build the client, or bring its packages, do so one after the other."""

import threading
from pathlib import Path

import pytest
from services.web import build, node
from tests.conftest import eventually

_PACKAGES = """#!/bin/sh
echo packages >> {log}
mkdir -p node_modules
"""
_BUILDER = """#!/bin/sh
echo "builds" >> {log}
test "$2" = build && mkdir -p "$4/assets" && sleep 1
echo "has built" >> {log}
"""


async def test_packages_are_not_taken_away_from_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks need more packages than a build, and npm takes all away before it brings them."""
    log = tmp_path / "log"
    log.touch()
    for name, script in (("npm", _PACKAGES), ("node", _BUILDER)):
        (tmp_path / name).write_text(script.format(log=log))
        (tmp_path / name).chmod(0o755)
    tools = node.Node(tmp_path / "node", (str(tmp_path / "npm"),))
    client = tmp_path / "frontend"
    client.mkdir()
    (client / "package-lock.json").write_text("{}")
    monkeypatch.setattr(build, "FRONTEND", client)
    monkeypatch.setattr(build, "SERVED", client / "dist" / "served")
    monkeypatch.setattr(build, "_pack", lambda tools, assets: None)
    monkeypatch.setattr(node, "find", lambda say: tools)
    monkeypatch.setattr(node, "_ended", threading.Event())

    builds = threading.Thread(target=build.build, args=(lambda said: None,))
    builds.start()

    async def has_begun() -> bool:
        return "builds" in log.read_text()

    await eventually(has_begun, 20)
    build.install(tools, lambda said: None)
    builds.join(20)
    assert log.read_text().splitlines() == ["packages", "builds", "has built", "packages"]
    assert build.is_current()
