"""What `.ci/run` does with what pytest says: failures are run once more, alone, and a run that broke off as a whole."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = ("python3", "git", "curl", "buildah", "runc", "debootstrap", "ip", "nft", "gpg", "haproxy", "prometheus")
# Notes its arguments, and ends as the recipe's run of this number is told to.
JUST = """#!/usr/bin/env bash
[ "$1" = tools ] && exit 0
echo "$*" >>"calls-$1"
read -r status line < <(sed -n "$(wc -l <"calls-$1")p" "runs-$1")
echo "$line"
exit "$status"
"""


class Done:
    """What came of `.ci/run`.

    Attributes:
        status: Its exit code.
        lines: What it printed.
    """

    def __init__(self, place: Path, runs: dict[str, list[str]], *arguments: str) -> None:
        self._place = place / "votewave"
        (self._place / ".ci").mkdir(parents=True)
        (self._place / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
        for recipe, ends in runs.items():
            (self._place / f"runs-{recipe}").write_text("\n".join(ends) + "\n")
        programs = place / "programs"
        programs.mkdir()
        for path, text in ((self._place / "just", JUST), *((programs / name, "#!/bin/sh\n") for name in PROGRAMS)):
            path.write_text(text)
            path.chmod(0o755)
        done = subprocess.run(
            ["bash", ".ci/run", *arguments],
            cwd=self._place,
            env={**os.environ, "PATH": f"{os.environ['PATH']}:{programs}"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.status = done.returncode
        self.lines = done.stdout.splitlines()

    def calls(self, recipe: str) -> list[str]:
        """Return how a recipe was called, each time."""
        path = self._place / f"calls-{recipe}"
        return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("runs", "calls", "status"),
    [
        (["0 7 passed in 2.00s"], 1, 0),
        (["1 1 failed, 6 passed in 2.00s", "0 1 passed in 1.00s"], 2, 0),
        (["1 1 failed, 6 passed in 2.00s", "1 1 failed in 1.00s"], 2, 1),
        (["3 2 passed in 1.00s", "0 7 passed in 2.00s"], 2, 0),
        (["3 2 passed in 1.00s", "3 2 passed in 1.00s"], 2, 3),
        (["3 2 passed in 1.00s", "1 1 failed, 6 passed in 2.00s", "0 1 passed in 1.00s"], 3, 0),
        (["2 no tests ran in 0.10s"], 1, 2),
    ],
)
def test_it_repeats_what_failed_and_what_broke_off(tmp_path: Path, runs: list[str], calls: int, status: int) -> None:
    done = Done(tmp_path, {"test": runs}, "some/tests")
    assert done.status == status, done.lines
    made = done.calls("test")
    assert len(made) == calls
    assert done.lines[-1] == runs[-1].partition(" ")[2], "the runner's closing line comes last"
    assert any("BROKE OFF" in line for line in done.lines) == runs[0].startswith("3")
    if runs[0].startswith("3"):
        assert made[1] == made[0], "all of it, for what it hadn't come to is unknown"
    assert done.calls("test-cluster") == []


@pytest.mark.parametrize(
    ("tests", "cluster", "status"),
    [
        (["0 7 passed in 9.00s"], ["0 5 passed in 8.00s"], 0),
        (["1 1 failed, 6 passed in 9.00s", "0 1 passed in 1.00s"], ["0 5 passed in 8.00s"], 0),
        (["0 7 passed in 9.00s"], ["1 1 failed, 4 passed in 8.00s", "0 1 passed in 1.00s"], 0),
        (["1 1 failed, 6 passed in 9.00s", "1 1 failed in 1.00s"], ["0 5 passed in 8.00s"], 1),
        (["0 7 passed in 9.00s"], ["1 1 failed, 4 passed in 8.00s", "1 1 failed in 1.00s"], 1),
        (["0 7 passed in 9.00s"], ["2 no tests ran in 0.10s"], 2),
        (["1 7 passed in 9.00s", "1 no tests ran in 0.10s"], ["0 5 passed in 8.00s"], 1),
    ],
)
def test_what_fails_of_the_cluster_s_tests_or_beside_them_is_repeated_alone(
    tmp_path: Path, tests: list[str], cluster: list[str], status: int
) -> None:
    done = Done(tmp_path, {"test": tests, "test-cluster": cluster})
    assert done.status == status, done.lines
    for recipe, runs in (("test", tests), ("test-cluster", cluster)):
        calls = done.calls(recipe)
        assert len(calls) == len(runs)
        assert ["--last-failed" in call for call in calls] == [False, True][: len(runs)]
        assert [line.partition(" ")[2] in done.lines for line in runs] == [True] * len(runs)
    last = cluster if len(cluster) == 2 or len(tests) == 1 else tests
    assert done.lines[-1] == last[-1].partition(" ")[2], "the runner's closing line comes last"
