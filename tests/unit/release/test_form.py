"""`./just lint` holds the jobs to Nomad's form, or says in a line that it couldn't."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.release import form

ROOT = Path(__file__).resolve().parents[3]


def test_without_nomad_it_says_so_in_one_line(tmp_path: Path) -> None:
    script = tmp_path / "tools/release/form.py"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tools/release/form.py", script)
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    said = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert said.returncode == 0, said.stderr
    assert said.stdout == "nomad fmt: left out, for Nomad isn't here; `./just tools nomad` brings it\n"
    assert said.stderr == ""


def test_it_is_part_of_the_checks() -> None:
    said = subprocess.run([ROOT / "just", "--show", "lint"], capture_output=True, text=True, timeout=60, check=True)
    assert "python -m tools.release.form || failed=1" in said.stdout


@pytest.mark.needs("nomad")
def test_a_job_in_another_form_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "nomad", tmp_path / "nomad")
    assert form.main(tmp_path) == 0
    assert capfd.readouterr().out == "nomad fmt: fine\n"
    job = tmp_path / "nomad/jobs/migrate.nomad.hcl"
    job.write_text(job.read_text().replace("  type ", "     type ", 1))

    assert form.main(tmp_path) == 1

    assert "migrate.nomad.hcl" in capfd.readouterr().err
