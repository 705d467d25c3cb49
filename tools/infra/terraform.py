"""Runs the real Terraform on copies of the configurations, with a stand-in for the AWS provider and no account."""

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.infra import schema
from tools.infra.programs import FEW_COLLECTIONS, KEPT, ROOT, ProgramError, forget, one_at_a_time, provider, terraform

CONFIGURATIONS = ROOT / "terraform"
ADDRESS = "registry.terraform.io/hashicorp/aws"  # the provider's name, as Terraform spells it in full
TIMEOUT = 180.0  # seconds


class TerraformError(Exception):
    """Terraform refused; the message is its own."""


@dataclass(frozen=True)
class Finding:
    """What `terraform validate` has to say.

    Attributes:
        severity: `error` or `warning`.
        summary: In a few words, such as "Unsupported argument".
        detail: In a sentence.
        where: File and line.
    """

    severity: str
    summary: str
    detail: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.summary}: {self.detail}"


class Workspace:
    """A copy of the configurations, in which Terraform may write what it likes.

    Args:
        folder: An empty or missing folder.
        source: What is copied, `terraform/` by default.
        unknown: Whether what the cloud fills in stays unknown in a plan, as in an empty account; otherwise it is made
            up, to be read.

    Attributes:
        folder: As given; `mirror` in it has the stand-in.
        configurations: The copy.
        environment: Environment variables by which Terraform finds the stand-in.
    """

    def __init__(self, folder: Path, source: Path = CONFIGURATIONS, *, unknown: bool = False) -> None:
        self.folder = folder
        self.configurations = folder / "terraform"
        # The lock file has the real provider's checksum, which the stand-in doesn't match.
        left_out = shutil.ignore_patterns(".terraform", ".terraform-*", ".terraform.lock.hcl", "*.tfstate*")
        shutil.copytree(source, self.configurations, ignore=left_out)
        self.environment = _environment(folder, schema.used(self.configurations))
        if unknown:
            self.environment["VOTEWAVE_AWS_UNKNOWN"] = "1"

    def run(self, where: str, *arguments: str, check: bool = True) -> str:
        """Run Terraform in a folder of the copy; return what it printed.

        Raises:
            TerraformError: It failed, and that was not expected.
        """
        done = subprocess.run(
            [terraform(), *arguments],
            cwd=self.configurations / where,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if check and done.returncode != 0:
            raise TerraformError(f"terraform {' '.join(arguments)} in {where}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def init(self, where: str) -> None:
        """Prepare a folder: modules and the provider, no state in S3."""
        folder = self.configurations / where
        # What stands in `backend "s3"` needs an account; a file of this name takes its place.
        if any('backend "s3"' in file.read_text() for file in folder.glob("*.tf")):
            (folder / "local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        self.run(where, "init", "-input=false", "-no-color")

    def validate(self, where: str) -> list[Finding]:
        """Return what is wrong with a folder, each argument and reference held against the schema."""
        said = json.loads(self.run(where, "validate", "-json", check=False))
        return [
            Finding(
                it["severity"],
                it["summary"],
                " ".join(it.get("detail", "").split()),
                f"{where}/{it['range']['filename']}:{it['range']['start']['line']}" if it.get("range") else where,
            )
            for it in said["diagnostics"]
        ]

    def plan(self, where: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what a folder would make in an empty account, as `terraform show -json` prints it."""
        given = [f"-var={name}={_literal(value)}" for name, value in (variables or {}).items()]
        self.run(where, "plan", "-input=false", "-no-color", "-refresh=false", "-lock=false", "-out=plan.bin", *given)
        shown: dict[str, Any] = json.loads(self.run(where, "show", "-json", "plan.bin"))
        return shown

    def test(self, where: str) -> str:
        """Run a folder's `*.tftest.hcl`; return the report."""
        return self.run(where, "test", "-no-color")


def _literal(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _environment(folder: Path, types: dict[str, set[str]]) -> dict[str, str]:
    """Return the environment in which Terraform finds the stand-in, and nothing of an account."""
    mirror = folder / "mirror"
    place = mirror / ADDRESS / schema.PROVIDER_VERSION / f"{platform.system().lower()}_{_architecture()}"
    place.mkdir(parents=True)
    (place / f"terraform-provider-aws_v{schema.PROVIDER_VERSION}").symlink_to(provider())
    config = folder / "terraform.rc"
    installation = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    config.write_text(f"{installation}disable_checkpoint = true\n")
    with one_at_a_time("schema"):  # two that fetch the same file at once would each find half of it
        described = schema.load(types, KEPT)
        forget("schema-*.json", but=described, most=50)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    return {
        **kept,
        **FEW_COLLECTIONS,
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_IN_AUTOMATION": "1",
        "VOTEWAVE_AWS_SCHEMA": str(described),
    }


def _architecture() -> str:
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


__all__ = ["ADDRESS", "CONFIGURATIONS", "Finding", "ProgramError", "TerraformError", "Workspace"]
