"""Every command's help shows its examples as they are typed."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from services.cli import main


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command of a group, its own first."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name)


@pytest.mark.parametrize("words", list(commands(main)), ids=lambda words: " ".join(words) or "votewave")
def test_examples_stand_line_by_line(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"]).output
    assert "\\b" not in shown
    if "Examples:" in shown:
        assert "Examples:" in [line.strip() for line in shown.splitlines()], "on a line of its own"
