"""Who may see results: every combination, and both directions."""

from itertools import product
from uuid import UUID

import pytest
from services.votebooth.results.releases import is_due, step_of
from services.votebooth.results.visibility import Hidden, Reason, VisibilityRules, Visible, may_see, needs_vote

OWNER, OTHER = UUID(int=1), UUID(int=2)
VIEWERS = [None, OWNER, OTHER]
FACTS = list(product(VIEWERS, [False, True], [False, True]))


def seen(results: str, viewer: UUID | None, voted: bool, over: bool, ballots: int = 10, minimum: int = 0) -> object:
    return may_see(VisibilityRules(results, minimum, OWNER), viewer, has_voted=voted, is_over=over, ballots=ballots)


@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
def test_always_means_everybody(viewer: UUID | None, voted: bool, over: bool) -> None:
    assert seen("always", viewer, voted, over) == Visible()


@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
def test_after_vote_means_who_has_voted_and_in_the_end_everybody(viewer: UUID | None, voted: bool, over: bool) -> None:
    expected = Visible() if voted or over else Hidden(Reason.AFTER_VOTE)
    assert seen("after_vote", viewer, voted, over) == expected


@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
def test_after_close_binds_the_owner_too(viewer: UUID | None, voted: bool, over: bool) -> None:
    assert seen("after_close", viewer, voted, over) == (Visible() if over else Hidden(Reason.AFTER_CLOSE))


@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
def test_owner_means_nobody_else_ever(viewer: UUID | None, voted: bool, over: bool) -> None:
    assert seen("owner", viewer, voted, over) == (Visible() if viewer == OWNER else Hidden(Reason.OWNER))


@pytest.mark.parametrize("results", ["", "Always", "everybody", "after_vote "])
@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
def test_what_is_not_a_rule_hides(results: str, viewer: UUID | None, voted: bool, over: bool) -> None:
    assert seen(results, viewer, voted, over) == Hidden(Reason.OWNER)


@pytest.mark.parametrize("results", ["always", "after_vote", "after_close", "owner"])
@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
@pytest.mark.parametrize("ballots", [0, 1, 4])
def test_below_the_minimum_nobody_sees_anything(
    results: str, viewer: UUID | None, voted: bool, over: bool, ballots: int
) -> None:
    assert isinstance(seen(results, viewer, voted, over, ballots, 5), Hidden)


@pytest.mark.parametrize("results", ["always", "after_vote", "after_close", "owner"])
@pytest.mark.parametrize(("viewer", "voted", "over"), FACTS)
def test_the_minimum_says_nothing_to_who_may_not_see_anyway(
    results: str, viewer: UUID | None, voted: bool, over: bool
) -> None:
    below, at = (seen(results, viewer, voted, over, ballots, 5) for ballots in (4, 5))
    rule = seen(results, viewer, voted, over)
    assert at == rule
    assert below == (Hidden(Reason.MINIMUM) if rule == Visible() else rule)


@pytest.mark.parametrize("minimum", [-1, 0, 1])
def test_no_minimum_holds_back_nothing(minimum: int) -> None:
    assert seen("always", None, False, False, 0, minimum) == Visible()


def test_a_vote_is_looked_up_only_where_it_matters() -> None:
    asked = {
        (results, over)
        for results in ("always", "after_vote", "after_close", "owner")
        for over in (False, True)
        if needs_vote(VisibilityRules(results, 0, OWNER), is_over=over)
    }
    assert asked == {("after_vote", False)}


def test_releases_come_in_steps_of_the_minimum() -> None:
    released: int | None = None
    steps = []
    for ballots in range(31):
        if is_due(5, ballots, released):
            released = ballots
            steps.append(ballots)
    assert steps == [5, 10, 15, 20, 25, 30]


def test_withdrawals_release_in_steps_too_and_never_below_the_minimum() -> None:
    assert [ballots for ballots in range(20, -1, -1) if is_due(5, ballots, 20)] == list(range(15, 4, -1))


def test_steps_of_large_polls_are_a_hundredth() -> None:
    assert step_of(5, 499) == 5
    assert step_of(5, 40_000) == 400
