"""What is noted of every answer: a count, its latency, and a line in the log if it was refused or slow."""

from collections.abc import Callable
from functools import cache
from typing import Any

import structlog

from services.core.observe.metrics import LATENCY, REQUESTS

log = structlog.get_logger("http")

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SLOW_SECONDS = 1.0


@cache
def _meters(method: str, route: str, status: int) -> tuple[Callable[[float], None], Callable[[], None]]:
    """Return what observes the latency and counts the request. Labels are bounded, so these are few."""
    return LATENCY.labels(route).observe, REQUESTS.labels(method, route, str(status)).inc


class AccessLog:
    """Counts and times answers, and logs those that were refused or slow; at the level `debug`, all of them."""

    def __init__(self) -> None:
        self._log: Any = None

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answer.

        Args:
            method: The request's method.
            route: The path's template, never the path itself; empty if there was none.
            status: The answer's status; 0 if the client was gone before there was one.
            seconds: From the request's first byte to the answer's start.
        """
        method = method if method in _METHODS else "other"
        route = route or "unmatched"
        observe, count = _meters(method, route, status)
        observe(seconds)
        count()
        if self._log is None:  # bound once: to look it up for each line that isn't written costs 2 µs
            self._log = log.bind()
        # A line costs as much as a tenth of a vote; what went well and fast is in the metrics.
        write = self._log.info if status >= 400 or not status or seconds > _SLOW_SECONDS else self._log.debug
        write("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))
