"""What our command lines have in common."""

from typing import Any

import click


class Group(click.Group):
    r"""Commands whose examples are shown line by line.

    click leaves a paragraph as it is if a backspace character stands before it. In a docstring that is written
    `\b`, and a docstring with a backslash is a raw one, in which these are two characters.
    """

    group_class = type  # groups of this group are of its class, too

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _mend(self)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Register a command."""
        _mend(cmd)
        super().add_command(cmd, name)


def _mend(command: click.Command) -> None:
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
