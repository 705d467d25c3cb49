"""What `.ci/run` does with what pytest says: failures are run once more, alone, and a run that broke off as a whole."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = (
    *("python3", "git", "curl", "buildah", "runc", "debootstrap", "ip", "nft", "gpg"),
    *("chromium-headless-shell", "chromium", "haproxy", "prometheus"),
)
# Notes its arguments, and ends as the run of this number is told to.
JUST = """#!/usr/bin/env bash
[[ $1 = test || $1 = again ]] || exit 0
echo "$*" >>calls
read -r status line < <(sed -n "$(wc -l <calls)p" runs)
echo -e "$line"
exit "$status"
"""


@pytest.mark.parametrize(
    ("runs", "calls", "status"),
    [
        (["0 7 passed in 2.00s"], 1, 0),
        (["1 1 failed, 6 passed in 2.00s", "0 1 passed in 1.00s"], 2, 0),
        (["1 1 failed, 6 passed in 2.00s", "1 1 failed in 1.00s"], 2, 1),
        (["1 The checks failed; see above.\\n7 passed in 2.00s", "5 no tests ran in 0.10s"], 2, 1),
        (["1 The checks failed; see above.\\n1 failed, 6 passed in 2.00s", "0 1 passed in 1.00s"], 2, 1),
        (["3 2 passed in 1.00s", "0 7 passed in 2.00s"], 2, 0),
        (["3 2 passed in 1.00s", "3 2 passed in 1.00s"], 2, 3),
        (["3 2 passed in 1.00s", "1 1 failed, 6 passed in 2.00s", "0 1 passed in 1.00s"], 3, 0),
        (["2 no tests ran in 0.10s"], 1, 2),
    ],
)
def test_it_repeats_what_failed_and_what_broke_off(tmp_path: Path, runs: list[str], calls: int, status: int) -> None:
    place = tmp_path / "votewave"
    (place / ".ci").mkdir(parents=True)
    (place / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
    (place / "runs").write_text("\n".join(runs) + "\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    for path, text in ((place / "just", JUST), *((programs / name, "#!/bin/sh\nexit 0\n") for name in PROGRAMS)):
        path.write_text(text)
        path.chmod(0o755)
    done = subprocess.run(
        ["bash", ".ci/run", "some/tests"],
        cwd=place,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:{programs}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    made = (place / "calls").read_text().splitlines()
    assert len(made) == calls
    assert done.stdout.splitlines()[-1] == runs[-1].partition(" ")[2], "the runner's closing line comes last"
    assert ("broke off" in done.stdout.lower()) == runs[0].startswith("3")
    again = "test" if runs[0].startswith("3") else "again"
    assert [each.split()[0] for each in made[:2]] == ["test", again][:calls], "all of it where it broke off"
    assert {each.partition(" ")[2] for each in made} == {made[0].partition(" ")[2]}, "of the same tests"
