import pytest
from services.core.redis.rate_limit import LocalLimiter, RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 10**15

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize(("limit", "per"), [(1, 1.0), (3, 1.0), (7, 60.0), (1000, 3600.0), (1_000_003, 1.0)])
def test_a_burst_of_the_limit_passes_and_no_more(limit: int, per: float) -> None:
    limiter = LocalLimiter(Clock())
    calls = min(limit, 1000)
    assert all(limiter.hit("k", limit, per).allowed for _ in range(calls))
    if calls == limit:
        assert not limiter.hit("k", limit, per).allowed
    assert limiter.hit("other", limit, per).allowed


def test_it_refills_evenly_and_says_when() -> None:
    clock = Clock()
    limiter = LocalLimiter(clock)
    first = limiter.hit("k", 4, 8.0)
    assert (first.allowed, first.remaining, first.reset_after, first.retry_after) == (True, 3, 2.0, 0.0)
    limiter.hit("k", 4, 8.0, cost=3)
    refused = limiter.hit("k", 4, 8.0)
    assert (refused.allowed, refused.remaining, refused.reset_after, refused.retry_after) == (
        False,
        0,
        8.0,
        2.0,
    )
    clock.now += 1_999_999
    assert not limiter.hit("k", 4, 8.0).allowed
    clock.now += 1
    assert limiter.hit("k", 4, 8.0).allowed
    clock.now += 60_000_000
    assert limiter.hit("k", 4, 8.0, cost=0).remaining == 4


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.core.redis.rate_limit._MAX_KEYS", 100)
    limiter = LocalLimiter(Clock())
    for number in range(1000):
        limiter.hit(str(number), 1, 60.0)
    assert len(limiter._tats) <= 100
    assert not limiter.hit("999", 1, 60.0).allowed


@pytest.mark.parametrize(("limit", "per", "cost"), [(0, 1.0, 1), (1, 0.0, 1), (1, 1.0, 2), (1, 1.0, -1)])
async def test_nonsense_is_refused(limit: int, per: float, cost: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        await RateLimiter(None).hit("k", limit, per, cost)


async def test_without_redis_it_counts_in_the_process() -> None:
    limiter = RateLimiter(None)
    assert [(await limiter.hit("k", 2, 60.0)).allowed for _ in range(3)] == [True, True, False]


def test_what_is_owed_is_paid_by_waiting_and_is_no_more_than_the_limit_again() -> None:
    clock = Clock()
    limiter = LocalLimiter(clock)
    limiter.hit("k", 10, 10.0, cost=9)
    limiter.hit("k", 10, 10.0, cost=5, owed=True)
    assert limiter.hit("k", 10, 10.0).retry_after == 5.0
    limiter.hit("k", 10, 10.0, cost=1000, owed=True)
    assert limiter.hit("k", 10, 10.0).retry_after == 11.0
    clock.now += 11_000_000
    assert limiter.hit("k", 10, 10.0).allowed
    assert not limiter.hit("k", 10, 10.0).allowed
