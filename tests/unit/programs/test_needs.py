"""What is missing leaves tests out, and is said with the command that brings it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import needs

ROOT = Path(__file__).parents[3]
# One test that needs what no machine has, in the folder of those that need it.
SAMPLE = """
import pytest

@pytest.mark.needs("nothing-has-this")
def test_sample() -> None:
    raise AssertionError("it ran")

def test_other() -> None:
    pass
"""


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("-n", "2", "--nothing-left-out", "--may-lack", "something-else"), 1),
        (("--nothing-left-out", "--may-lack", "nothing-has-this"), 0),
    ],
)
def test_the_last_lines_say_what_was_left_out(tmp_path: Path, options: tuple[str, ...], status: int) -> None:
    (tmp_path / "tests" / "sample").mkdir(parents=True)
    for name in ("conftest.py", "measuring.py", "needs.py", "log_search.py", "refusals.py"):
        (tmp_path / "tests" / name).symlink_to(ROOT / "tests" / name)
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    (tmp_path / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    (tmp_path / "tests/sample/test_sample.py").write_text(SAMPLE)
    # Of the plugins, those that it has use for: the others take two thirds of the start of each process.
    plugins = ["-p", "pytest_asyncio.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", *plugins, *options, "tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert "1 tests (1 of sample) need nothing-has-this: ./just tools nothing-has-this" in done.stdout
    assert "it ran" not in done.stdout
    assert ("That is a failure" in done.stdout) is bool(status)
    assert done.returncode == status, done.stdout


def test_a_command_that_does_as_well_is_taken_where_the_other_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert needs.path_of("chromium-headless-shell") is None
    for name in ("chromium", "chromium-headless-shell"):
        command = tmp_path / name
        command.touch(0o755)
        assert needs.path_of("chromium-headless-shell") == str(command)
    assert needs.path_of("chromium") == str(tmp_path / "chromium")
