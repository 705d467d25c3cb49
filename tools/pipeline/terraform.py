"""Terraform's plan and apply in an environment's folder."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path

from tools.pipeline.common import ROOT, PipelineError, run, tell

MARK = "<!-- votewave terraform {environment} -->"
_LIMIT = 60_000
"""Characters of a plan in a comment; GitHub takes 65,536."""


def folder(environment: str) -> Path:
    """Return where an environment's configuration is."""
    return ROOT / "terraform" / "envs" / environment


def start(environment: str) -> None:
    """Make ready: providers by the lock file, the state's bucket by TF_BACKEND_BUCKET and so on.

    Raises:
        PipelineError: It can't.
    """
    given = {name: os.environ.get(f"TF_BACKEND_{name.upper()}") for name in ("bucket", "region", "kms_key_id")}
    backend = [f"-backend-config={name}={value}" for name, value in given.items() if value]
    run(["terraform", "init", "-input=false", *backend], cwd=folder(environment))
    run(["terraform", "validate"], cwd=folder(environment))


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
    # A plan for reading takes no lock: it must not hold up an apply.
    lock = ["-lock=false"] if comment else []
    run(["terraform", "plan", "-input=false", "-no-color", *lock, f"-out={kept}"], cwd=folder(environment))
    text = run(["terraform", "show", "-no-color", kept], cwd=folder(environment), capture=True)
    if comment:
        _comment(environment, text)
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


def _comment(environment: str, text: str) -> None:
    """Show a plan at the pull request: one comment an environment, written anew."""
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text())
        number = int(event["pull_request"]["number"])
        repository, token = os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"]
    except (KeyError, OSError, ValueError, TypeError) as exc:
        raise PipelineError("A comment needs a pull request's workflow: GITHUB_TOKEN and its event.") from exc
    api = f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{repository}/issues"
    mark = MARK.format(environment=environment)
    cut = "" if len(text) <= _LIMIT else f"\n… {len(text) - _LIMIT} characters more: see the job's log."
    body = {"body": f"{mark}\n### Terraform: {environment}\n```\n{text[:_LIMIT]}{cut}\n```\n"}
    old = [it["id"] for it in _github(f"{api}/{number}/comments?per_page=100", token) if it["body"].startswith(mark)]
    if old:
        _github(f"{api}/comments/{old[0]}", token, body, "PATCH")
    else:
        _github(f"{api}/{number}/comments", token, body, "POST")


def _github(url: str, token: str, body: object = None, method: str = "GET") -> list[dict[str, str]]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as exc:
        raise PipelineError(f"GitHub takes no comment: {exc}") from exc
    return found if isinstance(found, list) else [found]
