"""What `.ci/run` does with what pytest says: failures are run once more, alone, and a run that broke off as a whole."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = ("python3", "git", "curl", "buildah", "runc", "debootstrap", "ip", "nft", "gpg", "haproxy", "prometheus")
# Notes its arguments, and ends as the run of this number is told to.
JUST = """#!/usr/bin/env bash
[ "$1" = test ] || exit 0
echo "$*" >>calls
read -r status line < <(sed -n "$(wc -l <calls)p" runs)
echo "$line"
exit "$status"
"""


def run(tmp_path: Path, just: str, *arguments: str, **files: str) -> "subprocess.CompletedProcess[str]":
    """Run `.ci/run` of a place where `just` and all programs are these."""
    place, programs = tmp_path / "votewave", tmp_path / "programs"
    (place / ".ci").mkdir(parents=True)
    programs.mkdir()
    (place / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
    for name, text in files.items():
        (place / name).write_text(text)
    for path, text in ((place / "just", just), *((programs / name, "#!/bin/sh\nexit 0\n") for name in PROGRAMS)):
        path.write_text(text)
        path.chmod(0o755)
    return subprocess.run(
        ["bash", ".ci/run", *arguments],
        cwd=place,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:{programs}"},
        capture_output=True,
        text=True,
        check=False,
    )


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
    done = run(tmp_path, JUST, "some/tests", runs="\n".join(runs) + "\n")
    assert done.returncode == status, done.stdout + done.stderr
    made = (tmp_path / "votewave/calls").read_text().splitlines()
    assert len(made) == calls
    assert done.stdout.splitlines()[-1] == runs[-1].partition(" ")[2], "the runner's closing line comes last"
    assert ("broke off" in done.stdout.lower()) == runs[0].startswith("3")
    if runs[0].startswith("3"):
        assert made[1] == made[0], "all of it, for what it hadn't come to is unknown"


# Says which recipe ran; fails as the file of its name says, once more if that is asked for.
APART = """#!/usr/bin/env bash
echo "$*" >>"calls-$1"
[ "$1" = test-infra ] && sleep 0.5
[ -f "$1" ] && { echo "1 failed in 1.00s"; exit 1; }
[ "$1" = tools ] || echo "1 passed in 1.00s: $1"
exit 0
"""


@pytest.mark.parametrize("failing", ["", "test", "test-infra", "test-cluster"])
def test_all_three_parts_have_to_pass(tmp_path: Path, failing: str) -> None:
    done = run(tmp_path, APART, **({failing: ""} if failing else {}))
    assert done.returncode == (1 if failing else 0), done.stdout + done.stderr
    assert done.stderr == ""
    calls = {path.name: path.read_text().splitlines() for path in (tmp_path / "votewave").glob("calls-test*")}
    assert {name: len(lines) for name, lines in calls.items()} == {
        f"calls-{part}": 2 if part == failing else 1 for part in ("test", "test-cluster", "test-infra")
    }
    assert "--ignore tests/infra" in calls["calls-test"][0], "these run beside the cluster's"
    for part in ("test", "test-cluster", "test-infra"):
        assert ("1 failed" if part == failing else f": {part}\n") in done.stdout, "each part is in the output"
    last = "1 failed in 1.00s" if failing == "test-infra" else "1 passed in 1.00s: test-infra"
    assert done.stdout.splitlines()[-1] == last, "a runner's closing line comes last"
