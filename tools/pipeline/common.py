"""Shared by the commands: errors, progress, running programs, the commit."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAMES: dict[str, Any] = json.loads((ROOT / "terraform" / "modules" / "naming" / "names.json").read_text())
ENVIRONMENTS: list[str] = NAMES["cloud_environments"]


class PipelineError(Exception):
    """A command can't continue; the message says why and contains no secret."""


def tell(text: str) -> None:
    """Print progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    given: str | None = None,
    more: Mapping[str, str] | None = None,
    capture: bool = False,
) -> str:
    """Run a program; return what it printed, if that is captured.

    Args:
        command: The program and its arguments; no secret is among them.
        cwd: Where.
        given: Its standard input.
        more: More environment variables.
        capture: Whether to keep what it prints rather than to show it.

    Raises:
        PipelineError: It isn't there, or fails.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            input=given,
            env={**os.environ, **(more or {})},
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise PipelineError(f"{words[0]} isn't on PATH.") from None
    if done.returncode != 0:
        raise PipelineError(f"{' '.join(words[:3])} … ended with {done.returncode}.")
    return done.stdout or ""


def commit() -> str:
    """Return the commit that is checked out.

    Raises:
        PipelineError: This is no clone.
    """
    return run(["git", "rev-parse", "HEAD"], capture=True).strip()


def clean_commit() -> str:
    """Return the commit that is checked out, if nothing beside it is.

    Raises:
        PipelineError: There are changes: what is made of them must not bear the commit's name.
    """
    if run(["git", "status", "--porcelain", "--untracked-files=no"], capture=True).strip():
        raise PipelineError("There are uncommitted changes; an image has the name of a commit, so commit them first.")
    return commit()
