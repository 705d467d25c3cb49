"""Searching logs for what may not be in them."""

import contextlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

CONFIDENTIAL: set[str] = set()
"""What tests have sent or received through `client` and no log may hold."""

_NAMES = {"password", "current", "new", "email", "ticket", "receipt", "secret", "token", "tokens", "key"}
_SHAPES = re.compile(
    r"""eyJ[\w-]{10,}\.            # a JWT
    | [\w.+-]{3,}@[\w-]+\.\w{2,}  # an e-mail address
    | \\?"(picks|ranking|scores)\\?"  # a ballot
    | \?\w+=                       # a query string
    """,
    re.VERBOSE,
)


def leaks(logs: Iterable[Path], confidential: set[str]) -> list[str]:
    """Return the lines of logs that hold what no log may hold."""
    found = []
    for path in logs:
        lines = _distinct(path)
        text = "\n".join(lines)
        found += [f"{path.name}: {value[:12]}…" for value in confidential if value in text]
        found += [f"{path.name}: {line[:300]}" for line in lines if _SHAPES.search(line)]
    return found[:20]


def _distinct(path: Path) -> list[str]:
    """Return a log's lines, those that differ in time alone once."""
    lines: dict[str, None] = {}
    for line in path.read_text(errors="replace").splitlines():
        try:
            said = json.loads(line)
            lines[json.dumps({k: v for k, v in said.items() if k not in {"timestamp", "trace", "ms"}})] = None
        except (ValueError, AttributeError):
            lines[line] = None
    return list(lines)


def _keep(value: Any, name: str = "") -> None:
    """Keep the confidential texts in something that JSON can hold."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _keep(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _keep(inner, name)
    elif isinstance(value, str) and len(value) >= 8 and name.rpartition("_")[2] in _NAMES:
        CONFIDENTIAL.add(value)


async def note(response: httpx.Response) -> None:
    """Keep what is confidential in a request and its answer."""
    request = response.request
    if (header := request.headers.get("authorization", "")).startswith("Bearer ") and len(header) > 40:
        CONFIDENTIAL.add(header[7:])
    bodies = []
    if request.headers.get("content-type") == "application/json":
        with contextlib.suppress(httpx.RequestNotRead):  # sent in pieces
            bodies.append(request.content)
    if response.headers.get("content-type") == "application/json" and "content-length" in response.headers:
        bodies.append(await response.aread())
    for body in bodies:
        try:
            _keep(json.loads(body))
        except (ValueError, RecursionError):
            continue  # a test of bad input
