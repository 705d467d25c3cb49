"""What GitHub knows: comments, and which deployments went well."""

import json
import os
import re
import urllib.error
import urllib.request
from typing import Any

from tools.pipeline.common import PipelineError

API = "https://api.github.com"


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


def proven(environment: str, version: str) -> None:
    """Go on only if a deployment of this very commit to an environment succeeded.

    Raises:
        PipelineError: None did.
    """
    if re.fullmatch(r"[0-9a-f]{40}", version) is None:
        raise PipelineError(f"{version!r} is no commit: that has 40 hexadecimal digits.")
    token = given("GITHUB_TOKEN")
    api = f"{os.environ.get('GITHUB_API_URL', API)}/repos/{given('GITHUB_REPOSITORY')}/deployments"
    for deployment in ask(f"{api}?environment={environment}&sha={version}&per_page=50", token):
        states = [it["state"] for it in ask(f"{api}/{deployment['id']}/statuses?per_page=50", token)]
        if "success" in states or "inactive" in states:  # inactive: a later one has taken its place
            return
    raise PipelineError(f"{environment} has never passed {version}; it must before this.")
