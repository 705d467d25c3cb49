"""The headers RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10): how much a client has left.

Limits note each decision with the request; the edge writes of them the one that leaves least.
"""

import math
from collections.abc import MutableMapping
from typing import Any

import msgspec

from services.core.redis.rate_limit import Decision

_NOTED = "_votewave_quota"


class Policy(msgspec.Struct, frozen=True):
    """A limit: `times` at once, and again in `per` seconds.

    Attributes:
        name: Lower case, digits and hyphens.
        times: How much is let through.
        per: Seconds.
        unit: What is counted: `requests` or `bytes`.
    """

    name: str
    times: int
    per: float
    unit: str = "requests"


def note(scope: MutableMapping[str, Any], policy: Policy, decision: Decision) -> None:
    """Keep a limit's decision, if it leaves less than those before."""
    state = scope["state"]  # HEAD's scope is a copy, with the same state
    known: tuple[Policy, Decision] | None = state.get(_NOTED)
    if known is None or _left(policy, decision) < _left(*known):
        state[_NOTED] = (policy, decision)


def quota_headers(scope: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """Return the headers of the tightest limit that was asked; none if none was."""
    noted: tuple[Policy, Decision] | None = scope["state"].get(_NOTED) if "state" in scope else None
    if noted is None:
        return []
    policy, decision = noted
    unit = ';qu="content-bytes"' if policy.unit == "bytes" else ""
    # When the whole limit is there again; of a refusal the same moment as Retry-After.
    seconds = max(1, math.ceil(decision.reset_after if decision.allowed else decision.retry_after))
    remaining = decision.remaining if decision.allowed else 0
    return [
        (b"ratelimit-policy", f'"{policy.name}";q={policy.times};w={policy.per:.0f}{unit}'.encode()),
        (b"ratelimit", f'"{policy.name}";r={remaining};t={seconds}'.encode()),
    ]


def _left(policy: Policy, decision: Decision) -> float:
    """Return which part of a limit is left; a refusal leaves less than nothing."""
    return decision.remaining / policy.times if decision.allowed else -1.0
