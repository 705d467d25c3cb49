"""The checks that `./just infra check` runs, by name."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.infra.programs import FEW_COLLECTIONS, ROOT, ProgramError, built, checkov, terraform, tflint_plugins
from tools.infra.schema import SchemaError
from tools.infra.terraform import CONFIGURATIONS, TerraformError, Workspace

ROOTS = ("bootstrap", "envs/staging", "envs/production", "envs/second")
"""Folders that are applied; the modules are validated as parts of them."""
TESTED = ("modules/naming", "modules/network", "modules/security", "modules/cluster", "modules/takeover")
"""Modules with tests of their own."""


@dataclass(frozen=True)
class Result:
    """A check's result.

    Attributes:
        name: The check's.
        passed: Whether all was well.
        seconds: How long it took.
        said: What is wrong, or in a few words what was looked at.
    """

    name: str
    passed: bool
    seconds: float
    said: str


def form() -> list[str]:
    """`terraform fmt`: all files are in Terraform's format."""
    done = subprocess.run(
        [terraform(), "fmt", "-check", "-recursive", str(CONFIGURATIONS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("TF_")},
    )
    return [f"{line} isn't formatted; run: terraform fmt -recursive terraform" for line in done.stdout.split()]


def validate() -> list[str]:
    """`terraform validate`: every argument, block and reference matches the provider's schema."""
    with tempfile.TemporaryDirectory(prefix="votewave-infra-") as folder:
        workspace = Workspace(Path(folder) / "w")
        found = []
        for where in ROOTS:
            workspace.init(where)
            found += [str(finding) for finding in workspace.validate(where)]
    return found


def modules() -> list[str]:
    """`terraform test`: names, addresses and refusals of modules."""
    with tempfile.TemporaryDirectory(prefix="votewave-infra-") as folder:
        workspace = Workspace(Path(folder) / "w")
        found = []
        for where in TESTED:
            workspace.init(where)
            try:
                workspace.test(where)
            except TerraformError as error:
                found.append(str(error))
    return found


def tflint() -> list[str]:
    """`tflint`: unused, untyped and undocumented parts; values that AWS doesn't know (with its rules for AWS)."""
    plugins = tflint_plugins()
    done = subprocess.run(
        [built("tflint"), "--recursive", "--format=json", f"--config={CONFIGURATIONS / '.tflint.hcl'}"],
        cwd=CONFIGURATIONS,
        env={**os.environ, **FEW_COLLECTIONS, "TFLINT_PLUGIN_DIR": str(plugins)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return [f"tflint failed: {(done.stderr or done.stdout).strip()[-1000:]}"]
    found = [
        f"{it['range']['filename']}:{it['range']['start']['line']}: {it['message']} ({it['rule']['name']})"
        for it in said["issues"]
    ]
    return found + [f"tflint: {it['message']}" for it in said["errors"]]


def policies() -> list[str]:
    """`checkov`: several hundred security rules; each exception is in the code beside its reason."""
    done = subprocess.run(
        [
            *(checkov(), "--directory", str(CONFIGURATIONS), "--framework", "terraform"),
            *("--output", "json", "--compact", "--quiet", "--skip-download"),
        ],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, "LOG_LEVEL": "ERROR", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"},
    )
    try:
        said = json.loads(done.stdout)
        failed = said["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError):
        return [f"checkov failed: {(done.stderr or done.stdout).strip()[-1000:]}"]
    found = [f"{it['file_path']}: {it['resource']}: {it['check_name']} ({it['check_id']})" for it in failed]
    if not said["summary"]["passed"]:
        found.append("checkov looked at nothing")
    return found


def promises() -> list[str]:
    """`pytest tests/infra/test_infra_*`: what must hold in the plans, and the names that all parts share."""
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "tests/infra").glob("test_infra_*.py"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *files, "-q", "-m", "not infra_check", "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    return [] if done.returncode == 0 else [(done.stdout + done.stderr).strip()[-6000:]]


# The longest first, since two run at a time.
CHECKS: dict[str, Callable[[], list[str]]] = {
    "checkov": policies,
    "promises": promises,
    "tflint": tflint,
    "test": modules,
    "validate": validate,
    "fmt": form,
}


def run(name: str) -> Result:
    """Run one check; if it lacks a program, it fails."""
    began = time.monotonic()
    try:
        found = CHECKS[name]()
    except (ProgramError, SchemaError, TerraformError) as error:
        found = [str(error)]
    except subprocess.TimeoutExpired as error:
        found = [f"It took longer than {error.timeout:.0f} s."]
    said = "\n".join(found) if found else (CHECKS[name].__doc__ or "").strip()
    return Result(name, not found, round(time.monotonic() - began, 1), said)
