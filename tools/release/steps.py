"""The steps of a release, each printed with what it does and how long it took."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from tools.release.errors import LateError

T = TypeVar("T")
Say = Callable[[str], None]

_EVERY_SECONDS = 0.25


@dataclass
class Step:
    """A step that was taken.

    Attributes:
        service: Its service.
        name: Such as "migrate".
        seconds: How long it took.
        outcome: `done`, or the error that ended it.
        said: The lines that it reported.
    """

    service: str
    name: str
    seconds: float = 0.0
    outcome: str = "begun"
    said: list[str] = field(default_factory=list)


class Steps:
    """Prints steps and records them.

    Args:
        tell: Prints a line.
    """

    def __init__(self, tell: Say) -> None:
        self.taken: list[Step] = []
        self._tell = tell

    @contextlib.contextmanager
    def step(self, service: str, name: str, what: str) -> Iterator[Say]:
        """Run a step; yields a function that reports its progress.

        Args:
            service: Its service.
            name: One word, such as "migrate".
            what: What it does.
        """
        step = Step(service, name)
        self.taken.append(step)
        self._tell(f"{service}: {name}: {what} …")
        began = time.monotonic()

        def say(line: str) -> None:
            step.said.append(line)
            self._tell(f"{service}: {name}: {line}")

        try:
            yield say
        except BaseException as exc:
            step.outcome = str(exc) or type(exc).__name__
            raise
        else:
            step.outcome = "done"
        finally:
            step.seconds = round(time.monotonic() - began, 1)
            self._tell(f"{service}: {name}: {'done' if step.outcome == 'done' else 'ended'} after {step.seconds:.1f} s")


def until(look: Callable[[], T | None], what: str, seconds: float) -> T:
    """Call `look` until it returns something other than None; return that.

    Raises:
        LateError: It returned None until the deadline.
    """
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise LateError(f"{what} didn't come about within {seconds:.0f} s; the same command goes on from here.")
        time.sleep(_EVERY_SECONDS)
    return found
