"""All limits can be multiplied by a setting, for tests that send from one address what a city would."""

from types import SimpleNamespace
from typing import Any

import pytest
from services.core.http.dependencies import SHARED
from services.core.http.limits import count
from services.core.http.quota import Policy, quota_headers
from services.core.problems import Problem
from services.core.redis.rate_limit import RateLimiter


def connection(times: int) -> Any:
    shared = SimpleNamespace(limits=RateLimiter(None), settings=SimpleNamespace(limits_times=times))
    return SimpleNamespace(app=SimpleNamespace(state={SHARED: shared}), scope={"state": {}})


async def test_limits_are_as_many_times_as_high_and_say_so() -> None:
    policy, many = Policy("things", 2, 60), connection(3)
    for _ in range(6):
        await count(many, policy, "somebody")
    with pytest.raises(Problem) as refused:
        await count(many, policy, "somebody")
    assert refused.value.status == 429
    assert dict(quota_headers(many.scope))[b"ratelimit-policy"] == b'"things";q=6;w=60'
