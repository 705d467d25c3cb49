"""When mail leaves: never in quiet hours, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from services.notifications.delivery import DELAY, Delivery, after_quiet, due_at


def at(shown: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(shown).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NIGHT = Delivery(zone="Europe/Riga", quiet_from=22 * 60, quiet_to=7 * 60 + 30)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-05-01 12:00", "2026-05-01 12:00"),
        ("2026-05-01 21:59", "2026-05-01 21:59"),
        ("2026-05-01 22:00", "2026-05-02 07:30"),
        ("2026-05-02 00:10", "2026-05-02 07:30"),
        ("2026-05-02 07:29", "2026-05-02 07:30"),
        ("2026-05-02 07:30", "2026-05-02 07:30"),
    ],
)
def test_quiet_hours_go_past_midnight_in_the_readers_zone(now: str, leaves: str) -> None:
    assert after_quiet(at(now, NIGHT.zone), NIGHT) == at(leaves, NIGHT.zone)


def test_a_day_may_be_quiet_as_well() -> None:
    day = Delivery(quiet_from=9 * 60, quiet_to=17 * 60)
    assert after_quiet(at("2026-05-01 08:59"), day) == at("2026-05-01 08:59")
    assert after_quiet(at("2026-05-01 09:00"), day) == at("2026-05-01 17:00")
    assert after_quiet(at("2026-05-01 17:00"), day) == at("2026-05-01 17:00")


def test_what_happens_is_told_a_moment_later_or_after_the_quiet_hours() -> None:
    assert due_at(at("2026-05-01 12:00"), Delivery()) == at("2026-05-01 12:00") + DELAY
    assert due_at(at("2026-05-01 21:59:30", NIGHT.zone), NIGHT) == at("2026-05-02 07:30", NIGHT.zone)


def test_a_digest_leaves_at_eight_where_the_reader_is() -> None:
    daily = Delivery("daily", "America/New_York")
    assert due_at(at("2026-05-01 07:59", daily.zone), daily) == at("2026-05-01 08:00", daily.zone)
    assert due_at(at("2026-05-01 08:00", daily.zone), daily) == at("2026-05-02 08:00", daily.zone)
    late = Delivery("daily", "America/New_York", 22 * 60, 10 * 60)
    assert due_at(at("2026-05-01 12:00", late.zone), late) == at("2026-05-02 10:00", late.zone)


@pytest.mark.parametrize("zone", ["Europe/Riga", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
@pytest.mark.parametrize("quiet", [(22 * 60, 7 * 60), (60, 4 * 60), (2 * 60 + 30, 3 * 60 + 15), (0, 1)])
def test_no_hour_of_a_year_leads_into_quiet_hours_or_far_away(zone: str, quiet: tuple[int, int]) -> None:
    delivery = Delivery(zone=zone, quiet_from=quiet[0], quiet_to=quiet[1])
    now = at("2026-01-01 00:10")
    for number in range(24 * 366):
        moment = now + timedelta(hours=number)
        leaves = after_quiet(moment, delivery)
        assert moment <= leaves <= moment + timedelta(hours=25)
        assert after_quiet(leaves, delivery) - leaves <= timedelta(hours=1)  # the end may be skipped when clocks change
