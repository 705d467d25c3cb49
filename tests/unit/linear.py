"""How tests hold a reader to work that grows as its input does."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from services.core.problems import Problem

Reader = Callable[[Any], object]
Maker = Callable[[int], Any]


def seconds(read: Reader, given: Any) -> float:
    """Return the processor time that the quickest of five readings took; what is refused is read, too."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        with contextlib.suppress(Problem, ValueError):
            read(given)
        best = min(best, time.process_time() - began)
    return best


def check_linear(read: Reader, make: Maker, size: int) -> None:
    """Fail where twice as much takes more than thrice as long."""
    once, twice = seconds(read, make(size)), seconds(read, make(2 * size))
    assert twice < 3 * once + 0.002, f"{once * 1000:.1f} ms, then {twice * 1000:.1f} ms"
