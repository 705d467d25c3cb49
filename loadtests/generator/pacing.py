"""Open-loop pacing: arrivals are due by the clock, however long answers take.

Every arrival has its moment before the run begins. Users take the next one, sleep until it is due and send; whoever
waits for an answer takes none, so one of the others does. If every user waits, arrivals become late, and since an
answer's time is measured from when its request was due, that wait is in the figures: nothing is left out because the
server was slow (no coordinated omission).

If a user was free and still began late, the generator is to blame; this is measured apart (`Pace.late_ms`).
"""

import random
import time
from collections.abc import Callable

import gevent
from gevent.event import Event

from loadtests.gate.config import Shape

RUSH_SECONDS = 60.0


def arrivals(shape: Shape, count: int, seconds: float, dice: random.Random) -> list[float]:
    """Return when so many arrivals are due, in seconds after the start, in order.

    Within a shape they come by chance, independently of each other, as people do (a Poisson process of a known
    number of arrivals).
    """
    place = _rush(seconds) if shape is Shape.RUSH else (lambda chance: chance * seconds)
    return sorted(place(dice.random()) for _ in range(count))


def _rush(seconds: float) -> Callable[[float], float]:
    """Half of all in the last minute; in the last quarter of a run that is shorter than four minutes."""
    rush = min(RUSH_SECONDS, seconds / 4)
    calm = seconds - rush
    return lambda chance: chance * 2 * calm if chance < 0.5 else calm + (chance * 2 - 1) * rush


class Pace:
    """The clock that all users go by.

    Attributes:
        late_ms: How late users began who were free when their arrival was due.
        queued: Arrivals that were due before a user was free.
    """

    def __init__(self) -> None:
        self._started = Event()
        self.start_at = 0.0
        self.end_at = 0.0
        self.late_ms: list[float] = []
        self.queued = 0

    def start(self, seconds: float) -> None:
        """Begin now."""
        self.start_at = time.perf_counter()
        self.end_at = self.start_at + seconds
        self._started.set()

    def wait_for_start(self) -> None:
        """Sleep until it begins."""
        self._started.wait()

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._started.is_set() and time.perf_counter() >= self.end_at

    def wait_until(self, due: float) -> float:
        """Sleep until an arrival is due; return that moment on the clock of `time.perf_counter`."""
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
    """Moments that users take in turns.

    Attributes:
        unfinished: Those of which nobody has said yet that what was due then is over.
    """

    def __init__(self, due: list[float]) -> None:
        self._due = due
        self._next = 0
        self.unfinished = len(due)

    def take(self) -> tuple[int, float] | None:
        """Return the number and the moment of the next arrival; None when there is none left."""
        if self._next >= len(self._due):
            return None
        self._next += 1
        return self._next - 1, self._due[self._next - 1]

    def finish(self) -> None:
        """Say that what was due at a moment that was taken is over, well or not."""
        self.unfinished -= 1

    def __len__(self) -> int:
        """Return how many there are, taken or not."""
        return len(self._due)
