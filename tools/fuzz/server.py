"""A VoteWave of its own, as `./just up` starts it, whose limits let one address send as much as a city."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READY_SECONDS = 120
_LIMITS = {
    "VOTEWAVE_LIMITS_TIMES": "100000",
    "VOTEWAVE_AUTH_GUESTS_PER_ADDRESS": "1000000",
    "VOTEWAVE_AUTH_ACCOUNTS_PER_ADDRESS": "1000000",
    "VOTEWAVE_AUTH_SESSIONS_PER_ADDRESS": "1000000",
    "VOTEWAVE_AUTH_REFRESHES_PER_ADDRESS": "1000000",
    "VOTEWAVE_AUTH_TRIES_PER_ACCOUNT": "1000000",
    "VOTEWAVE_AUTH_TRIES_PER_ACCOUNT_ANYWHERE": "1000000",
}


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start a VoteWave with its data below a folder; give its URL, and stop it in the end."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "services.cli", "up", "--port", str(port), "--data-dir", str(folder / "data")]
    log_path = folder / "votewave.log"
    with log_path.open("ab") as log:
        environment = {**os.environ, "VOTEWAVE_LOG_FORMAT": "json", "VOTEWAVE_LOG_LEVEL": "warning", **_LIMITS}
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait(url, server, log_path)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def unhandled(folder: Path) -> list[str]:
    """Return what the server logged of errors that nobody foresaw, each kind once."""
    found: dict[str, None] = {}
    for line in (folder / "votewave.log").read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("event") == "unhandled":
            found[f"{entry.get('route')}: {entry.get('error')} at {entry.get('where')}"] = None
    return list(found)


def _wait(url: str, server: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):  # noqa: S310  (an address of this machine)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"VoteWave didn't start:\n{log_path.read_text(errors='replace')[-4000:]}")
