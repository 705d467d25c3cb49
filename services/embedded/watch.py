"""Servers that end by themselves: started again, and given up when that doesn't help."""

import threading
import time
from collections.abc import Callable, Mapping

from services.embedded.errors import EmbeddedError
from services.embedded.postgres import Postgres
from services.embedded.valkey import Valkey

_LOOK_SECONDS = 0.25
_MOST_RESTARTS, _WITHIN_SECONDS = 3, 60.0


class Watch:
    """A thread that looks after running servers.

    Args:
        servers: them, by the name that people know.
        say: takes a line about a restart.
        give_up: called once with the reason when a server can't be kept up; the watch has ended then.
    """

    def __init__(
        self,
        servers: Mapping[str, Postgres | Valkey],
        say: Callable[[str], None],
        give_up: Callable[[EmbeddedError], None],
    ) -> None:
        self._servers = servers
        self._say = say
        self._give_up = give_up
        self._restarts: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="embedded-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, which comes before stopping the servers. Harmless when repeated."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for name, server in self._servers.items():
                if server.running:
                    continue
                try:
                    self._restart(name, server)
                except EmbeddedError as error:
                    self._give_up(error)
                    return

    def _restart(self, name: str, server: Postgres | Valkey) -> None:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < _WITHIN_SECONDS] + [now]
        if len(self._restarts) > _MOST_RESTARTS:
            raise EmbeddedError(f"{name} keeps ending; {server.log} says why. Nothing that was stored is lost.")
        self._say(f"{name} ended by itself and is started again; {server.log} says why")
        server.start()
