"""What tests measure, on the page of a workflow's run: reviewers see there what the gate said of a change."""

import os
from collections.abc import Sequence
from pathlib import Path


def tell_workflow(lines: Sequence[str]) -> None:
    """Add lines to the run's summary, if this is a workflow; GitHub shows it beside the pull request's checks."""
    if not lines or (place := os.environ.get("GITHUB_STEP_SUMMARY")) is None:
        return
    # No fence of theirs may end ours.
    text = "\n".join(sorted(lines)).replace("```", "~~~")
    with Path(place).open("a") as file:
        file.write(f"## Measured\n\n```\n{text}\n```\n")
