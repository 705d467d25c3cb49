"""How far a long command is, for whoever waits for it."""

import sys
import time
from collections import Counter
from collections.abc import Mapping

import click

_WIDTH = 40
_LINE_SECONDS = 10.0


class Progress:
    """Shows step by step how much is done: a bar that grows on a terminal, elsewhere a line now and then.

    Args:
        wanted: How much of each step there will be, about.

    Attributes:
        done: How much of each step was done.
    """

    def __init__(self, wanted: Mapping[str, int]) -> None:
        self.done = Counter[str]()
        self._wanted = wanted
        self._step = ""
        self._said = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, step: str, done: int = 1) -> None:
        """Count what was done of a step."""
        if step != self._step:
            self.end()
        self._step = step
        self.done[step] += done
        if self._is_terminal:
            share = min(1.0, self.done[step] / max(1, self._wanted[step]))
            click.echo(f"\r{step:>9} {'█' * int(share * _WIDTH):<{_WIDTH}} {self.done[step]:,}", err=True, nl=False)
        elif time.monotonic() - self._said >= _LINE_SECONDS:
            self._said = time.monotonic()
            click.echo(f"{step}: {self.done[step]:,} of about {self._wanted[step]:,}", err=True)

    def end(self) -> None:
        """End a step's line."""
        if self._is_terminal and self._step:
            click.echo("", err=True)
        self._step = ""
