"""GitHub's API: comments, and which commits have passed an environment's gate."""

import json
import os
import re
import urllib.error
import urllib.request
from typing import Any

from tools.pipeline.common import PipelineError, tell

API = "https://api.github.com"
GATE = "{environment}-gate"
WORKFLOWS = "github-actions[bot]"
"""Who writes with a workflow's own token."""


def given(name: str) -> str:
    """Return what a workflow sets.

    Raises:
        PipelineError: It doesn't.
    """
    value = os.environ.get(name, "")
    if not value:
        raise PipelineError(f"{name} isn't set; a workflow sets it.")
    return value


def ask(url: str, token: str, body: object = None, method: str = "GET") -> list[dict[str, Any]]:
    """Ask GitHub's API; a single answer comes as a list of one.

    Raises:
        PipelineError: It says no, or isn't there.
    """
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as exc:
        raise PipelineError(f"GitHub: {exc}") from exc
    return found if isinstance(found, list) else [found]


def passed(environment: str, version: str) -> None:
    """Write down at a commit that it was released to an environment behind the gate.

    A deployment of GitHub's says less: every job with that environment makes one, whatever it does, and it names the
    workflow's commit rather than what was deployed.

    Raises:
        PipelineError: GitHub says no.
    """
    token, url = given("GITHUB_TOKEN"), _repository()
    run = f"{given('GITHUB_SERVER_URL')}/{given('GITHUB_REPOSITORY')}/actions/runs/{given('GITHUB_RUN_ID')}"
    body = {
        "state": "success",
        "context": GATE.format(environment=environment),
        "description": f"released to {environment} behind the gate",
        "target_url": run,
    }
    ask(f"{url}/statuses/{_commit(version)}", token, body, "POST")
    tell(f"{version} has passed {environment}")


def proven(environment: str, version: str) -> None:
    """Fail unless one of our workflows has recorded that this commit passed an environment's gate.

    Raises:
        PipelineError: None has.
    """
    commit, token = _commit(version), given("GITHUB_TOKEN")
    context = GATE.format(environment=environment)
    for status in ask(f"{_repository()}/commits/{commit}/statuses?per_page=100", token):
        # Everybody who may push may set a status, but not as the workflows' user.
        who = (status.get("creator") or {}).get("login")
        if (status["context"], status["state"], who) == (context, "success", WORKFLOWS):
            return
    raise PipelineError(f"{environment} has never passed {version}; it must before this.")


def _repository() -> str:
    return f"{os.environ.get('GITHUB_API_URL', API)}/repos/{given('GITHUB_REPOSITORY')}"


def _commit(version: str) -> str:
    if re.fullmatch(r"[0-9a-f]{40}", version) is None:
        raise PipelineError(f"{version!r} is no commit: that has 40 hexadecimal digits.")
    return version
