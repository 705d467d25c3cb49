"""What our command lines have in common."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    r"""Commands whose examples are shown line by line, and that say in one line what a user can put right.

    click leaves a paragraph as it is if a backspace character stands before it. In a docstring that is written
    `\b`, and a docstring with a backslash is a raw one, in which these are two characters.
    """

    group_class = type  # groups of this group are of its class, too

    def __init__(self, *args: Any, elsewhere: Mapping[str, str] | None = None, **options: Any) -> None:
        """Make a group.

        Args:
            *args: As `click.Group` takes them.
            elsewhere: Commands by name as `module:attribute`, each imported when somebody asks for it.
            **options: As `click.Group` takes them.
        """
        super().__init__(*args, **options)
        self._elsewhere = dict(elsewhere or {})
        _mend(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the alphabet."""
        return sorted({*super().list_commands(ctx), *self._elsewhere})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; import it if it is elsewhere."""
        if place := self._elsewhere.pop(cmd_name, None):
            module, _, attribute = place.partition(":")
            self.add_command(getattr(import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Register a command."""
        _mend(cmd)
        super().add_command(cmd, name)

    def reason(self, exc: Exception) -> str | None:
        """Return what stands in the way, if a user or operator can put it right; else it is a mistake of ours."""
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as exc:
            if reason := self.reason(exc):
                raise click.ClickException(reason) from exc
            raise


def _mend(command: click.Command) -> None:
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
