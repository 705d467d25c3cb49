"""How much a client may say over its connection."""

import time

BURST = 150
"""Messages at once: who comes back follows as many streams as a connection may, and talks."""

A_SECOND = 5.0


class Pace:
    """Counts what one connection says."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Count one message; say whether it is within what may be said."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) * A_SECOND) - 1
        self._at = now
        return self._left >= 0
