"""Open-loop pacing: arrivals are due by the clock, however long answers take.

The time of every arrival is fixed before the run begins. A free user takes the next one, sleeps until it is due and
sends; a user waiting for an answer takes none. If all users are waiting, arrivals become late. Latency is measured
from when a request was due, so it includes that wait (no coordinated omission).

If a free user starts late, the generator is too slow; that is measured separately (`Pace.late_ms`).
"""

import random
import time
from collections.abc import Callable

import gevent
from gevent.event import Event

from loadtests.gate.config import Shape

RUSH_SECONDS = 60.0


def arrivals(shape: Shape, count: int, seconds: float, dice: random.Random) -> list[float]:
    """Return the times of `count` arrivals, in seconds after the start, in order.

    Within a shape they are random and independent of each other (a Poisson process with a known number of arrivals).
    """
    place = _rush(seconds) if shape is Shape.RUSH else (lambda chance: chance * seconds)
    return sorted(place(dice.random()) for _ in range(count))


def _rush(seconds: float) -> Callable[[float], float]:
    """Half of all in the last minute; in the last quarter of a run that is shorter than four minutes."""
    rush = min(RUSH_SECONDS, seconds / 4)
    calm = seconds - rush
    return lambda chance: chance * 2 * calm if chance < 0.5 else calm + (chance * 2 - 1) * rush


class Pace:
    """The clock that all users share.

    Attributes:
        late_ms: How late each user started that was free when its arrival was due.
        queued: Arrivals that were due before a user was free.
    """

    def __init__(self) -> None:
        self._started = Event()
        self.start_at = 0.0
        self.end_at = 0.0
        self.late_ms: list[float] = []
        self.queued = 0

    def start(self, seconds: float) -> None:
        """Start the clock."""
        self.start_at = time.perf_counter()
        self.end_at = self.start_at + seconds
        self._started.set()

    def wait_for_start(self) -> None:
        """Sleep until the clock is started."""
        self._started.wait()

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._started.is_set() and time.perf_counter() >= self.end_at

    def wait_until(self, due: float) -> float:
        """Sleep until an arrival is due; return that time as of `time.perf_counter`."""
        self._started.wait()
        at = self.start_at + due
        ahead = at - time.perf_counter()
        if ahead > 0:
            gevent.sleep(ahead)
            self.late_ms.append((time.perf_counter() - at) * 1000)
        else:
            self.queued += 1
        return at


class Arrivals:
    """A queue of arrival times that users take from.

    Attributes:
        unfinished: How many aren't finished yet, taken or not.
    """

    def __init__(self, due: list[float]) -> None:
        self._due = due
        self._next = 0
        self.unfinished = len(due)

    def take(self) -> tuple[int, float] | None:
        """Return the number and time of the next arrival; None when there are none left."""
        if self._next >= len(self._due):
            return None
        self._next += 1
        return self._next - 1, self._due[self._next - 1]

    def finish(self) -> None:
        """Mark one taken arrival as finished, successfully or not."""
        self.unfinished -= 1

    def __len__(self) -> int:
        """Return how many there are, taken or not."""
        return len(self._due)
