"""What is read is weighed: an answer above 8 kB counts for the subject and for the address that asked for it.

It is counted in this process, since what is spared is this process's loop and network; and most answers are small, so
that they needn't ask Redis. Streams aren't weighed here: live connections have places, exports a limit of their own.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import Message, Scope

from services.core.http.dependencies import Connection, authenticate, shared_of, site_of
from services.core.http.limits import SMALL_BODY_BYTES
from services.core.problems import Problem, too_many
from services.core.redis.rate_limit import LocalLimiter

READ = "read"
"""In an application's state: the `LocalLimiter` that counts what was read, in kilobytes."""

SUBJECT_KB = 10_000
SITE_KB = 60_000
"""An audience may share an address, and looks at a result at the same time."""

PER_SECONDS = 10.0

_WEIGHED = "votewave.weighed"
"""In a request's scope: the limits that its answer counts in."""


async def weighed(connection: Connection, _: Any) -> None:
    """Guard: let a GET through unless too much has been read, and have its answer weighed (`weigh`).

    Raises:
        Problem: 429 with Retry-After.
    """
    scope: Any = connection.scope
    if scope["type"] != "http" or scope["method"] != "GET":
        return
    scope[_WEIGHED] = await _limits_of(connection)
    for key, most in scope[_WEIGHED]:
        decision = _read(connection).hit(key, most, PER_SECONDS, 0)
        if not decision.allowed:
            raise too_many(
                f"At most {most // 1000} MB of large answers in {PER_SECONDS:g} seconds. "
                f"Try again in {max(1.0, decision.retry_after):.0f} s.",
                decision.retry_after,
            )


async def weigh(message: Message, scope: Scope) -> None:
    """Count an answer that is about to leave; the next request feels it. A hook of Litestar's, `before_send`."""
    if message["type"] != "http.response.start" or _WEIGHED not in scope:
        return
    size = next((int(value) for name, value in message["headers"] if name == b"content-length"), 0)
    if size > SMALL_BODY_BYTES:
        connection: Connection = ASGIConnection(scope)
        for key, most in scope[_WEIGHED]:  # type: ignore[literal-required]  # a scope may hold more
            _read(connection).hit(key, most, PER_SECONDS, size // 1000, owed=True)


def _read(connection: Connection) -> LocalLimiter:
    limiter: LocalLimiter = connection.app.state[READ]
    return limiter


async def _limits_of(connection: Connection) -> list[tuple[str, int]]:
    times = shared_of(connection).settings.limits_times
    limits = [(f"at:{site_of(connection)}", SITE_KB * times)]
    try:
        subject = await authenticate(connection)
    except Problem:  # the route says so, if it wants to know who asks
        subject = None
    return limits if subject is None else [(str(subject.id), SUBJECT_KB * times), *limits]
