"""What builds the client ends with VoteWave."""

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from services.web import node


def test_what_is_under_way_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_ended", threading.Event())
    ids = tmp_path / "ids"
    script = f"sleep 60 & echo $! $$ > {ids}; wait"
    codes: list[int] = []
    running = threading.Thread(
        target=lambda: codes.append(node.run(["sh", "-c", script], tmp_path, dict(os.environ)).returncode)
    )
    running.start()
    deadline = time.monotonic() + 20
    while not (ids.exists() and ids.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    node.end_all()
    running.join(20)
    assert codes == [-9]
    for pid in map(int, ids.read_text().split()):
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    with pytest.raises(node.WebError):
        node.run(["true"], tmp_path, dict(os.environ))
