"""Rate limits as guards: `guards=[limit("sign-in", 10, per=60)]`."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.core.http.dependencies import Connection, address_of, authenticate, shared_of
from services.core.problems import too_many


def limit(name: str, times: int, per: float) -> Callable[[Connection, Any], Awaitable[None]]:
    """Return a guard that lets a subject (or an address without one) through `times` in `per` seconds.

    Raises:
        Problem: 429 with Retry-After.
    """

    async def guard(connection: Connection, _: Any) -> None:
        subject = await authenticate(connection)
        who = str(subject.id) if subject else address_of(connection)
        await check(connection, f"{name}:{who}", times, per)

    return guard


def limit_address(name: str, times: int, per: float) -> Callable[[Connection, Any], Awaitable[None]]:
    """Return a guard that limits an address whatever the subject, since new guest accounts cost nothing.

    Raises:
        Problem: 429 with Retry-After.
    """

    async def guard(connection: Connection, _: Any) -> None:
        await check(connection, f"{name}:at:{address_of(connection)}", times, per)

    return guard


async def check(connection: Connection, key: str, times: int, per: float) -> None:
    """Count one use of `key`.

    Raises:
        Problem: 429 with Retry-After.
    """
    decision = await shared_of(connection).limits.hit(key, times, per)
    if not decision.allowed:
        raise too_many(
            f"At most {times} in {per:g} seconds. Try again in {decision.retry_after:.0f} s.",
            decision.retry_after,
        )
