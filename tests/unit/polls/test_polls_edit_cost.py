"""What an edit costs follows from what it changes, not from the poll that it changes."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import msgspec
import pytest
from services.core.problems import Problem
from services.core.refusals import Refusals
from services.polls import definition as definitions
from services.polls import edits
from services.polls.models import Poll
from services.polls.schemas import PollEdit, PollNew


def a_poll(options: int) -> Poll:
    """Return a draft as it is stored."""
    body = msgspec.convert(
        {
            "title": "Lunch?",
            "method": {"type": "approval"},
            "description": "x" * 20 * options,
            "options": [{"label": f"No. {n}", "description": "é" * 2_000} for n in range(options)],
        },
        PollNew,
    )
    definition = definitions.checked(body)
    return Poll(
        **edits.columns(definition),
        options=definitions.numbered(definition.options),
        next_option=options + 1,
        opens_at=None,
        closes_at=None,
        published_at=None,
        updated_at=datetime.now(UTC),
    )


def calls(act: Callable[[], object]) -> int:
    """Return how many functions an act calls, C's included."""
    count = 0

    def note(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def wanted(poll: Poll, **values: Any) -> dict[str, Any]:
    return edits.wanted(poll, msgspec.convert(values, PollEdit), datetime.now(UTC), Refusals("poll-refused"))


@pytest.mark.parametrize("values", [{"title": "Dinner?"}, {"method": {"type": "single"}}, {"rules": {"minimum": 3}}])
def test_what_isn_t_changed_isn_t_checked_again(values: dict[str, Any]) -> None:
    small, large = a_poll(2), a_poll(500)
    few, many = calls(lambda: wanted(small, **values)), calls(lambda: wanted(large, **values))
    assert many - few < 3 * 498, (few, many)  # a conversion for each option, and no look at its texts


def test_what_is_changed_is_checked() -> None:
    poll = a_poll(3)
    assert wanted(poll, title="Dinner?") == {"title": "Dinner?"}
    assert set(wanted(poll, method={"type": "single"}, description="Other")) == {"method", "description"}
    assert wanted(poll, title="Lunch?") == {}
    for values in (
        {"title": ""},
        {"options": [{"label": "A"}, {"label": "a"}]},
        {"method": {"type": "stv", "seats": 9}},
    ):
        with pytest.raises(Problem):
            wanted(poll, **values)


def test_parameters_are_held_against_the_options_that_stay() -> None:
    poll = a_poll(3)
    assert wanted(poll, method={"type": "stv", "seats": 2})["seats"] == 2
    with pytest.raises(Problem):
        wanted(poll, method={"type": "stv", "seats": 3})
