"""Results are counted once however many ask, and never shown older than they may be."""

import asyncio
from uuid import UUID

import pytest
from services.core.http.api import matches
from services.core.sized_cache import ENTRY_BYTES
from services.votebooth.results import cache as cache_module
from services.votebooth.results.cache import Cache, Entry

POLL = UUID(int=1)


class Counter:
    """A count that takes as long as the test wants."""

    def __init__(self) -> None:
        self.started = 0
        self.seq = 1
        self.status = "live"
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Entry:
        self.started += 1
        seq, status = self.seq, self.status
        await self.gate.wait()
        return Entry(1, seq, status, b"x" * 10)


async def test_a_hundred_at_once_count_once() -> None:
    cache, counter = Cache(), Counter()
    counter.gate.clear()
    asked = [asyncio.create_task(cache.get(POLL, 1, 1, "live", counter)) for _ in range(100)]
    await asyncio.sleep(0)
    counter.gate.set()
    assert {id(entry) for entry in await asyncio.gather(*asked)} == {id(await asked[0])}
    assert counter.started == 1


async def test_who_asks_for_newer_counts_than_those_under_way_gets_them() -> None:
    cache, counter = Cache(), Counter()
    counter.gate.clear()
    early = asyncio.create_task(cache.get(POLL, 1, 1, "live", counter))
    await asyncio.sleep(0.01)
    counter.seq = 2
    late = asyncio.create_task(cache.get(POLL, 1, 2, "live", counter))
    await asyncio.sleep(0.01)
    counter.gate.set()
    assert (await early).seq == 1
    assert (await late).seq == 2
    assert counter.started == 2


async def test_while_a_newer_one_is_counted_a_young_one_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "PATIENCE_SECONDS", 0.01)
    cache, counter = Cache(), Counter()
    await cache.get(POLL, 1, 1, "live", counter)
    counter.seq = 2
    counter.gate.clear()
    assert (await cache.get(POLL, 1, 2, "live", counter)).seq == 1
    counter.gate.set()
    await asyncio.sleep(0.01)
    assert (await cache.get(POLL, 1, 2, "live", counter)).seq == 2


async def test_a_final_result_is_never_an_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "PATIENCE_SECONDS", 0.01)
    cache, counter = Cache(), Counter()
    await cache.get(POLL, 1, 1, "live", counter)
    counter.status = "final"
    counter.gate.clear()
    asked = asyncio.create_task(cache.get(POLL, 1, 1, "final", counter))
    await asyncio.sleep(0.05)
    assert not asked.done()
    counter.gate.set()
    assert (await asked).status == "final"


async def test_a_failed_count_is_tried_again() -> None:
    cache, counter = Cache(), Counter()

    async def fails() -> Entry:
        raise OSError

    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011
            await cache.get(POLL, 1, 1, "live", fails)
    assert (await cache.get(POLL, 1, 1, "live", counter)).seq == 1


async def test_only_so_many_results_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MAX_BYTES", 3 * (10 + ENTRY_BYTES))
    cache, counter = Cache(), Counter()
    for number in range(5):
        await cache.get(UUID(int=number), 1, 1, "live", counter)
    await cache.get(UUID(int=4), 1, 1, "live", counter)
    assert counter.started == 5
    await cache.get(UUID(int=0), 1, 1, "live", counter)
    assert counter.started == 6


@pytest.mark.parametrize(
    ("given", "same"),
    [
        (None, False),
        ("", False),
        ('"1.2.live"', True),
        ('W/"1.2.live"', True),
        ('"1.1.live", "1.2.live"', True),
        ("*", True),
        ('"1.2.final"', False),
    ],
)
def test_conditional_requests_compare_tags(given: str | None, same: bool) -> None:
    assert matches(given, '"1.2.live"') is same
