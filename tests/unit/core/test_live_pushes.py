"""How often live results are pushed: what all connections of a process are sent has a bound."""

import pytest
from services.core.live.watch import PUSH_SECONDS, pause_for


@pytest.mark.parametrize("connections", [0, 1, 500])
def test_few_connections_are_pushed_to_ten_times_a_second(connections: int) -> None:
    assert pause_for(connections) == PUSH_SECONDS == 0.1


@pytest.mark.parametrize("connections", [500, 501, 2_000, 5_000, 100_000])
def test_however_many_there_are_they_are_sent_five_thousand_messages_a_second_at_most(connections: int) -> None:
    assert connections / pause_for(connections) <= 5_000


def test_five_thousand_connections_are_pushed_to_once_a_second() -> None:
    assert pause_for(5_000) == 1
