"""What tests measure is on the page of the run."""

from pathlib import Path

import pytest

import measuring


def test_lines_are_added_to_the_summary_and_stay_in_their_fence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "summary.md"
    place.write_text("# before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place))

    measuring.tell_workflow(["gate: promoted\n```\n<img src=x>", "a first"])

    text = place.read_text()
    assert text.startswith("# before\n## Measured\n\n```\na first\ngate: promoted\n")
    assert text.count("```") == 2
    assert text.endswith("```\n")


def test_elsewhere_and_without_lines_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    measuring.tell_workflow(["one"])
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    measuring.tell_workflow([])

    assert list(tmp_path.iterdir()) == []
