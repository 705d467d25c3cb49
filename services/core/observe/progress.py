"""How far a long command is, for whoever waits for it."""

import sys
import time
from collections import Counter
from collections.abc import Mapping

import click

_WIDTH = 40
_LINE_SECONDS = 10.0


class Progress:
    """Shows how much is done of all steps: a bar that grows on a terminal, elsewhere a line now and then.

    Args:
        wanted: How much of each step there will be, about; several may be under way at once.

    Attributes:
        done: How much of each step was done.
    """

    def __init__(self, wanted: Mapping[str, int]) -> None:
        self.done = Counter[str]()
        self._wanted = wanted
        self._said = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, step: str, done: int = 1) -> None:
        """Count what was done of a step."""
        self.done[step] += done
        if self._is_terminal:
            bar = "█" * int(self._share() * _WIDTH)
            click.echo(f"\r{bar:<{_WIDTH}} {f'{step}: {self.done[step]:,}':<{_WIDTH // 2}}", err=True, nl=False)
        elif time.monotonic() - self._said >= _LINE_SECONDS:
            self._said = time.monotonic()
            click.echo(f"{step}: {self.done[step]:,} of about {self._wanted[step]:,}", err=True)

    def end(self) -> None:
        """End the line."""
        if self._is_terminal and self.done:
            click.echo("", err=True)

    def _share(self) -> float:
        shares = (min(1.0, self.done[step] / max(1, wanted)) for step, wanted in self._wanted.items())
        return sum(shares) / len(self._wanted)
