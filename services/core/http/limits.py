"""Limits as guards, which are asked before a body is read: `guards=[limit("sign-in", 10, per=60)]`.

A limit weighs what a request costs: most count 1, `ByteLimit` counts bytes, and what a request turns out to have cost
beyond that is charged afterwards, so that the next one feels it. An address is what `site_of` says, since somebody with
an IPv6 network has more addresses than there are limits.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from services.core.http.dependencies import Connection, authenticate, shared_of, site_of
from services.core.http.quota import Policy, note
from services.core.problems import too_many

SMALL_BODY_BYTES = 8_000
"""What a body may have unless its route says otherwise (`request_max_body_size`): some names and numbers."""

LARGE_BODY_BYTES = 1_000_000
"""For the few routes that take a whole document; each has a `ByteLimit`."""

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


class Limit:
    """A guard that lets so much through in a time.

    Args:
        name: Of the limit; limits with one name share what they count.
        times: How much is let through at once, and in `per` seconds once that is used up.
        per: Seconds.
        who: Whose requests are counted together.
        unit: What is counted, for people.
    """

    def __init__(
        self, name: str, times: int, per: float, who: Callable[[Connection], Awaitable[str]], unit: str = "requests"
    ) -> None:
        self._policy = Policy(name, times, per, unit)
        self._who = who

    async def __call__(self, connection: Connection, _: Any) -> None:
        """Count a request.

        Raises:
            Problem: 429 with Retry-After.
        """
        await self.take(connection, 1)

    async def take(self, connection: Connection, cost: int) -> None:
        """Count a cost; one above the whole limit counts as that.

        Raises:
            Problem: 429 with Retry-After.
        """
        await count(connection, self._policy, await self._key(connection), cost)

    async def charge(self, connection: Connection, cost: int) -> None:
        """Count a cost of what has been done; the next request feels it."""
        policy = _set(connection, self._policy)
        await shared_of(connection).limits.charge(await self._key(connection), policy.times, policy.per, cost)

    async def _key(self, connection: Connection) -> str:
        return f"{self._policy.name}:{await self._who(connection)}"


async def count(connection: Connection, policy: Policy, key: str, cost: int = 1) -> None:
    """Count a cost in a limit, and note what is left for the answer's headers.

    Args:
        connection: The request.
        policy: The limit.
        key: Whose requests are counted together, and in which limit.
        cost: What it counts; one above the whole limit counts as that.

    Raises:
        Problem: 429 with Retry-After.
    """
    policy = _set(connection, policy)
    decision = await shared_of(connection).limits.hit(key, policy.times, policy.per, min(cost, policy.times))
    note(connection.scope, policy, decision)  # type: ignore[arg-type]  # a scope is a mapping
    if not decision.allowed:
        raise too_many(
            f"At most {policy.times:,} {policy.unit} in {policy.per:g} seconds. "
            f"Try again in {max(1.0, decision.retry_after):.0f} s.",
            decision.retry_after,
        )


def _set(connection: Connection, policy: Policy) -> Policy:
    """Return a limit as the settings have it."""
    times = shared_of(connection).settings.limits_times
    return policy if times == 1 else msgspec.structs.replace(policy, times=policy.times * times)


async def _subject(connection: Connection) -> str:
    subject = await authenticate(connection)
    return str(subject.id) if subject else await _site(connection)


async def _site(connection: Connection) -> str:
    return f"at:{site_of(connection)}"


def limit(name: str, times: int, per: float, unit: str = "requests") -> Limit:
    """Return a guard that lets a subject (or an address without one) through `times` in `per` seconds."""
    return Limit(name, times, per, _subject, unit)


def limit_address(name: str, times: int, per: float) -> Limit:
    """Return a guard that limits an address whatever the subject, since new guest accounts cost nothing."""
    return Limit(name, times, per, _site)


class ByteLimit:
    """A guard for routes that take or give whole documents: it weighs them, for the subject and for the address.

    A body weighs what its Content-Length says. One without weighs as much as its route takes at most.

    Args:
        name: Of the limit; limits with one name share what they count.
        subject: Bytes of one subject in `per` seconds.
        address: Bytes of one address in `per` seconds.
        per: Seconds.
    """

    def __init__(self, name: str, *, subject: int, address: int, per: float) -> None:
        self._limits = (Limit(name, subject, per, _subject, "bytes"), Limit(name, address, per, _site, "bytes"))

    async def __call__(self, connection: Connection, handler: Any) -> None:
        """Weigh a request before its body is read.

        Raises:
            Problem: 429 with Retry-After.
        """
        size = _announced(connection, handler)
        for each in self._limits:
            await each.take(connection, size)

    async def charge(self, connection: Connection, size: int) -> None:
        """Weigh what a request has read or written beside its body; what is small goes with the request."""
        if size <= SMALL_BODY_BYTES:
            return
        for each in self._limits:
            await each.charge(connection, size)


def _announced(connection: Connection, handler: HTTPRouteHandler) -> int:
    said = connection.headers.get("content-length", "")
    if said.isascii() and said.isdigit():
        return max(1, int(said[:15]))
    if connection.scope.get("method") in _BODILESS or "transfer-encoding" not in connection.headers:
        return 1
    return handler.resolve_request_max_body_size() or LARGE_BODY_BYTES
