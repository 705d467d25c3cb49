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
    """Fail where twice as much takes more than thrice as long, three times in a row: once may be the machine."""
    for _ in range(3):
        once, twice = seconds(read, make(size)), seconds(read, make(2 * size))
        if twice < 3 * once + 0.002:
            return
    raise AssertionError(f"{once * 1000:.1f} ms, then {twice * 1000:.1f} ms")
