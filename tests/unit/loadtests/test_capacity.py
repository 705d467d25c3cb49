"""The search for the highest rate that holds."""

import pytest
from loadtests.gate.capacity import Tried, at_rate, capacity, search, summary
from loadtests.gate.config import Shape, read
from loadtests.gate.verdict import Judgement


async def found(bound: float, first: float = 100, most: float = 6000) -> list[Tried]:
    """Search on a target that bears `bound` votes a second."""

    async def run(rate: float) -> Tried:
        held = rate <= bound
        why = [] if held else ["p95_ms: 900.0 ms"]
        return Tried(rate, min(rate, bound), 20 if held else 900, Judgement.PASS if held else Judgement.FAIL, why)

    return await search(run, first, most)


@pytest.mark.parametrize("bound", [150.0, 330.0, 1000.0, 3808.0])
async def test_the_capacity_is_found_to_a_sixteenth_of_its_interval(bound: float) -> None:
    done = await found(bound)
    assert bound * 0.93 <= capacity(done) <= bound
    assert len(done) <= 11


async def test_more_than_was_asked_for_is_not_tried() -> None:
    done = await found(10_000)
    assert [each.rate for each in done] == [100, 200, 400, 800, 1600, 3200, 6000]
    assert capacity(done) == 6000


async def test_where_not_even_the_first_holds_lower_rates_are_tried() -> None:
    assert 0 < capacity(await found(60)) <= 60
    assert capacity(await found(0.1)) == 0
    assert "**here: 0 votes a second**" in summary("here", await found(0.1))


def test_each_rate_is_judged_by_the_suites_limits() -> None:
    places = read()
    local, staging = (at_rate(places[name].suite["steady"], 1000, 30, 500) for name in ("local", "staging"))
    assert local.thresholds.p95_ms == 500
    assert staging.thresholds.p95_ms == places["staging"].suite["steady"].thresholds.p95_ms
    assert local.thresholds.accepted_votes_per_second == 950
    assert (local.shape, local.seconds, local.votes_per_second) == (Shape.STEADY, 30, 1000)
