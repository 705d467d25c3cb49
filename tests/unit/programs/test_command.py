"""The command `votewave`, as far as it needs no server."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from services.cli import main


def test_a_data_folder_that_stands_before_up_is_refused_rather_than_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` would start on another folder, as if all that is kept in this one were gone."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    lock = {"pid": 1, "url": "http://127.0.0.1:1", "database_url": "postgresql:///votewave", "redis_url": "unix:///x"}
    (tmp_path / "up.lock").write_text(json.dumps(lock))
    found = CliRunner().invoke(main, ["--data-dir", str(tmp_path), "up"])
    assert found.exit_code == 2
    assert "votewave up --data-dir" in found.output
