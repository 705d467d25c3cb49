"""The capacity of each night, over a year."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from loadtests.gate.history import MOST, Night, add, chart, table
from services.core.storage.opening import open_storage

BEGIN = datetime(2026, 1, 1, 2, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def nights(*rates: float) -> list[Night]:
    return [Night(BEGIN + timedelta(days=day), "c" * 40, rate) for day, rate in enumerate(rates)]


async def test_each_night_is_added_and_the_oldest_are_forgotten(tmp_path: Path) -> None:
    storage = open_storage(tmp_path.as_uri())
    await add(storage, "staging", "a" * 40, 100.0, BEGIN)
    found = await add(storage, "staging", "b" * 40, 120.0, BEGIN + timedelta(days=1))
    assert [(it.version[0], it.rate) for it in found] == [("a", 100.0), ("b", 120.0)]
    assert await add(storage, "production", "", 7.0, BEGIN) == [Night(BEGIN, "", 7.0)]

    many = nights(*range(1, MOST + 1))
    await storage.put("load/history/staging.json", msgspec.json.encode(many), "application/json")
    found = await add(storage, "staging", "", 1.0, BEGIN + timedelta(days=MOST))

    assert len(found) == MOST
    assert (found[0].rate, found[-1].rate) == (2, 1.0)
    assert b"<svg" in await storage.get("load/history/staging.svg")


async def test_what_is_no_history_is_not_written_over(tmp_path: Path) -> None:
    storage = open_storage(tmp_path.as_uri())
    await storage.put("load/history/staging.json", b'{"something": "else"}', "application/json")

    with pytest.raises(ValueError, match="Expected `array`"):
        await add(storage, "staging", "", 1.0, BEGIN)

    assert await storage.get("load/history/staging.json") == b'{"something": "else"}'


def test_the_last_nights_are_shown_newest_first_beside_the_one_before() -> None:
    lines = table(nights(1000, 0, 900, 1800)).splitlines()

    assert lines[2] == "| 2026-01-04 02:00 | 1,800 | +100 % | cccccccccccc |"
    assert lines[3] == "| 2026-01-03 02:00 | 900 |  | cccccccccccc |"  # nothing can be said beside none
    assert lines[4] == "| 2026-01-02 02:00 | 0 | -100 % | cccccccccccc |"
    assert len(table(nights(*range(1, 40))).splitlines()) == 2 + 14
    assert len(table([]).splitlines()) == 2


@pytest.mark.parametrize("rates", [(), (0.0,), (1234.0,), (900.0, 0.0, 4100.0)])
def test_the_chart_is_a_drawing_with_a_mark_for_each_night(rates: tuple[float, ...]) -> None:
    drawn = ET.fromstring(chart("<staging>", nights(*rates)))  # noqa: S314 - ours

    marks = drawn.findall(f"{SVG}circle")
    assert len(marks) == len(rates)
    for mark, rate in zip(marks, rates, strict=True):
        x, y = float(mark.get("cx", "")), float(mark.get("cy", ""))
        assert 70 <= x <= 880
        assert 40 <= y <= 280
        assert (y == 280) is (rate == 0)
        assert mark.get("class") == ("p" if rate else "z")
    title = drawn.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Capacity of <staging>, votes a second"
