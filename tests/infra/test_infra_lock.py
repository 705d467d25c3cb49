"""Providers by checksum: the real Terraform, offline, with the stand-in as the provider."""

import os
import subprocess
from pathlib import Path

import pytest
from tools.infra.terraform import Workspace
from tools.pipeline import terraform
from tools.pipeline.common import PipelineError

pytestmark = pytest.mark.needs("terraform", "go")

HERE = f"{os.uname().sysname.lower()}_{'arm64' if os.uname().machine in {'aarch64', 'arm64'} else 'amd64'}"


def git(place: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True, timeout=60)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A repository of its own with the configurations, and the pipeline's commands in it."""
    place = Workspace(tmp_path / "clone")
    (place.configurations / "envs/staging/local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    git(place.folder, "init", "--quiet")
    monkeypatch.setattr(terraform, "ROOT", place.folder)
    for name in [name for name in os.environ if name.startswith(("AWS_", "TF_"))]:
        monkeypatch.delenv(name)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    return place


@pytest.mark.slow
def test_a_plan_takes_the_providers_of_the_committed_lock_file_only(clone: Workspace) -> None:
    with pytest.raises(PipelineError, match=r"lock\.hcl isn't in the repository.*terraform lock --env staging"):
        terraform.plan("staging", None, comment=False)

    written = terraform.lock("staging", [HERE], clone.folder / "mirror")
    assert "registry.terraform.io/hashicorp/aws" in written.read_text()
    with pytest.raises(PipelineError, match="isn't in the repository"):  # it lies there, and nobody has seen it
        terraform.start("staging")

    git(clone.folder, "add", str(written))
    terraform.start("staging")

    locked = written.read_text()
    written.write_text(locked.replace('"h1:', '"h1:A'))
    with pytest.raises(PipelineError, match="can't take the providers"):
        terraform.start("staging")
    assert written.read_text() != locked, "a file that is wrong is nobody's to mend but a person's"
