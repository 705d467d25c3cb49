"""What a room shows of its audience."""

import pytest
from services.votebooth.rooms.state import about, replay


@pytest.mark.parametrize(
    ("here", "shown"),
    [(0, 0), (4, 0), (5, 5), (9, 5), (49, 45), (50, 50), (59, 50), (199, 190), (200, 200), (999, 950), (5_678, 5_600)],
)
def test_the_audience_is_told_in_steps(here: int, shown: int) -> None:
    assert about(here) == shown


def test_more_people_are_never_shown_as_fewer() -> None:
    shown = [about(here) for here in range(3_000)]
    assert shown == sorted(shown)


def test_a_log_without_a_beginning_is_no_room() -> None:
    with pytest.raises(ValueError, match="begins with"):
        replay([])
