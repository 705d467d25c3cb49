"""Terraform's plan and apply in an environment's folder."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from tools.pipeline.common import ROOT, PipelineError, run, tell
from tools.pipeline.github import API, ask, given

MARK = "<!-- votewave terraform {environment} -->"
LOCK = ".terraform.lock.hcl"
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_arm64")
"""Where plans are made: workflows, and laptops."""

_LIMIT = 60_000
"""Characters of a plan in a comment; GitHub takes 65,536."""


def folder(environment: str) -> Path:
    """Return where an environment's configuration is."""
    return ROOT / "terraform" / "envs" / environment


def lock(environment: str, platforms: Sequence[str] = PLATFORMS, mirror: Path | None = None) -> Path:
    """Write an environment's lock file, with the providers' checksums; return its path. It has to be committed.

    Args:
        environment: Which.
        platforms: For which machines, as Terraform names them.
        mirror: A folder with the providers; else they come from their registry.

    Raises:
        PipelineError: The providers can't be had.
    """
    wanted = [f"-platform={platform}" for platform in platforms]
    source = [f"-fs-mirror={mirror.resolve()}"] if mirror is not None else []
    # Modules first: what they require is locked, too.
    run(["terraform", "get", "-no-color"], cwd=folder(environment))
    run(["terraform", "providers", "lock", *source, *wanted], cwd=folder(environment))
    return folder(environment) / LOCK


def hold_to_lock(environment: str) -> None:
    """Install exactly the providers in the committed lock file.

    Raises:
        PipelineError: There is no such file in the repository, or a provider isn't what it says.
    """
    how = f"`./just pipeline terraform lock --env {environment}` writes it; look at the difference and commit it."
    # A lock file that isn't committed hasn't been reviewed.
    if not run(["git", "ls-files", "--", LOCK], cwd=folder(environment), capture=True).strip():
        raise PipelineError(f"{environment}: terraform/envs/{environment}/{LOCK} isn't in the repository. {how}")
    try:
        # Without the backend: what fails here are providers, not the way to the state.
        run(["terraform", "init", "-input=false", "-backend=false", "-lockfile=readonly"], cwd=folder(environment))
    except PipelineError as exc:
        raise PipelineError(
            f"{environment}: Terraform can't take the providers as terraform/envs/{environment}/{LOCK} has them (see "
            f"above). If a provider was changed on purpose: {how}"
        ) from exc


def start(environment: str) -> None:
    """Make ready: providers by the lock file, the state by TF_BACKEND_BUCKET, …_REGION and …_KMS_KEY_ID.

    What differs by who runs it is in TF_VARIABLES, as JSON; on a laptop in terraform.tfvars.

    Raises:
        PipelineError: It can't.
    """
    backend = _backend()
    hold_to_lock(environment)
    if variables := os.environ.get("TF_VARIABLES"):
        try:
            document = json.loads(variables)
        except ValueError:
            raise PipelineError("TF_VARIABLES isn't JSON: it has an environment's domain, zone and so on.") from None
        (folder(environment) / "given.auto.tfvars.json").write_text(json.dumps(document))
    run(["terraform", "init", "-input=false", "-lockfile=readonly", *backend], cwd=folder(environment))
    run(["terraform", "validate"], cwd=folder(environment))


def _backend() -> list[str]:
    """Return where the state is, as `terraform init` takes it; nothing on a laptop, which was told before."""
    named = {name: f"TF_BACKEND_{name.upper()}" for name in ("bucket", "region", "kms_key_id")}
    told = {name: value for name, variable in named.items() if (value := os.environ.get(variable))}
    if told and (missing := [variable for name, variable in named.items() if name not in told]):
        # Without the key Terraform would write with S3's own, which the bucket refuses, but only after the apply.
        raise PipelineError(f"{' and '.join(missing)} isn't set; terraform/bootstrap's output `backend` has it.")
    return [f"-backend-config={name}={value}" for name, value in told.items()]


def plan(environment: str, out: Path | None, *, comment: bool) -> str:
    """Plan; return the plan as text.

    Args:
        environment: Where.
        out: Keeps the plan, to be applied as it is.
        comment: Whether to show it at the pull request.

    Raises:
        PipelineError: It can't be planned.
    """
    start(environment)
    kept = (out or ROOT / ".tools" / f"{environment}.tfplan").resolve()
    kept.parent.mkdir(parents=True, exist_ok=True)
    # A plan for reading takes no lock: it must not hold up an apply. Nor does it refresh: the provider would read every
    # secret, which a pull request's role may not.
    lock = ["-lock=false", "-refresh=false"] if comment else []
    run(["terraform", "plan", "-input=false", "-no-color", *lock, f"-out={kept}"], cwd=folder(environment))
    text = run(["terraform", "show", "-no-color", kept], cwd=folder(environment), capture=True)
    if comment:
        comment_plan(environment, text)
    return text


def apply(environment: str) -> None:
    """Plan and apply that very plan.

    Raises:
        PipelineError: It can't be applied.
    """
    kept = ROOT / ".tools" / f"{environment}.tfplan"
    plan(environment, kept, comment=False)
    run(["terraform", "apply", "-input=false", "-no-color", kept.resolve()], cwd=folder(environment))
    kept.unlink()
    tell(f"{environment}: applied")


def comment_plan(environment: str, text: str) -> None:
    """Show a plan at the pull request: one comment an environment, written anew."""
    repository, token = given("GITHUB_REPOSITORY"), given("GITHUB_TOKEN")
    try:
        event = json.loads(Path(given("GITHUB_EVENT_PATH")).read_text())
        number = int(event["pull_request"]["number"])
    except (KeyError, OSError, ValueError, TypeError) as exc:
        raise PipelineError("A comment needs the workflow of a pull request.") from exc
    api = f"{os.environ.get('GITHUB_API_URL', API)}/repos/{repository}/issues"
    mark = MARK.format(environment=environment)
    cut = "" if len(text) <= _LIMIT else f"\n… {len(text) - _LIMIT} characters more: see the job's log."
    body = {"body": f"{mark}\n### Terraform: {environment}\n```\n{text[:_LIMIT]}{cut}\n```\n"}
    old = [it["id"] for it in ask(f"{api}/{number}/comments?per_page=100", token) if it["body"].startswith(mark)]
    if old:
        ask(f"{api}/comments/{old[0]}", token, body, "PATCH")
    else:
        ask(f"{api}/{number}/comments", token, body, "POST")
