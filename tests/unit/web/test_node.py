"""What builds the client ends with VoteWave."""

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from services.web import node


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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
    while any(_runs(int(pid)) for pid in ids.read_text().split()):  # it was killed; the system takes a moment
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(node.WebError):
        node.run(["true"], tmp_path, dict(os.environ))
