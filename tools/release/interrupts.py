"""What interrupts a command, once; and that nothing interrupts the cleaning up."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a command before its time."""


@contextlib.contextmanager
def interruptible(numbers: Sequence[signal.Signals] = INTERRUPTS) -> Iterator[None]:
    """Take these signals for Ctrl-C, and the first alone: what follows is the end of what was begun."""

    def interrupt(*_: Any) -> NoReturn:
        for number in numbers:
            signal.signal(number, _pass_over)
        raise KeyboardInterrupt

    with _handled(numbers, interrupt):
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal interrupt what has to be finished."""
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield
        return
    with _handled(INTERRUPTS, _pass_over):
        yield


@contextlib.contextmanager
def _handled(numbers: Sequence[signal.Signals], handler: Callable[..., None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


def _pass_over(*_: Any) -> None:
    """Do nothing about a signal; SIG_IGN would do the same in children, too."""
