"""Signals that interrupt a command: the first one does, later ones can't interrupt its cleanup."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that interrupt a command."""


@contextlib.contextmanager
def interruptible(numbers: Sequence[signal.Signals] = INTERRUPTS) -> Iterator[None]:
    """Raise KeyboardInterrupt at the first of these signals; ignore later ones, so that cleanup isn't interrupted."""

    def interrupt(*_: Any) -> NoReturn:
        for number in numbers:
            signal.signal(number, _pass_over)
        raise KeyboardInterrupt

    with _handled(numbers, interrupt):
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore these signals while work that has to be finished is under way."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread handles signals
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
    """Ignore a signal. A handler and not SIG_IGN, which child processes would inherit."""
