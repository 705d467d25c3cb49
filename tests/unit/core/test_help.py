"""Every command's help shows its examples as they are typed."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[3]
PROGRAMS = {
    "services.cli": "votewave",
    "tools.cluster.__main__": "./just cluster",
    "tools.infra.__main__": "./just infra",
    "tools.pipeline.__main__": "./just pipeline",
    "tools.release.__main__": "./just release",
    "tools.release.image": "./just image",
    "loadtests.load": "./just load",
}


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command of a group, its own first."""
    yield path
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands(one, *path, name)


EVERY = [
    pytest.param(module, words, id=" ".join([name, *words]))
    for module, name in PROGRAMS.items()
    for words in commands(importlib.import_module(module).main)
]


@pytest.mark.parametrize(("module", "words"), EVERY)
def test_examples_stand_line_by_line(module: str, words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(importlib.import_module(module).main, [*words, "--help"]).output
    assert "Usage: " in shown
    assert "\\b" not in shown
    if "Examples:" in shown:
        assert "Examples:" in [line.strip() for line in shown.splitlines()], "on a line of its own"


@pytest.mark.parametrize("module", [module for module in PROGRAMS if module != "services.cli"])
def test_usage_begins_as_the_recipe_is_typed(module: str) -> None:
    command = [sys.executable, "-m", module.removesuffix(".__main__"), "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.startswith(f"Usage: {PROGRAMS[module]} ")


@pytest.mark.parametrize("module", [module for module in PROGRAMS if module != "services.cli"])
def test_help_waits_for_no_framework(module: str) -> None:
    script = (
        "import sys; from importlib import import_module; from click.testing import CliRunner\n"
        f"assert CliRunner().invoke(import_module({module!r}).main, ['--help']).exit_code == 0\n"
        "print(*{'litestar', 'sqlalchemy', 'advanced_alchemy', 'alembic', 'boto3'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_up_is_called_as_the_recipe_is_typed() -> None:
    shown = CliRunner().invoke(importlib.import_module("services.cli").main, ["up", "--help"]).output
    assert shown.startswith("Usage: ./just up ")
