"""Guards that count a request by the address it comes from, before its body is read. They raise a 429 problem."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.auth.controllers.answers import visitor_of
from services.auth.service import Auth
from services.auth.throttle import ByAddress
from services.core.http.dependencies import Connection
from services.core.http.limits import count
from services.core.http.quota import Policy


def _guard(limit: ByAddress) -> Callable[[Connection, Any], Awaitable[None]]:
    """Return the guard that counts in one of Auth's limits."""

    async def guard(connection: Connection, _: Any) -> None:
        auth: Auth = connection.app.state["auth"]
        policy = Policy(limit.value, auth.throttle.times(limit), limit.seconds)
        await count(connection, policy, limit.key(visitor_of(connection)))

    return guard


sign_ups = _guard(ByAddress.SIGN_UP)
guests = _guard(ByAddress.GUEST)
sessions = _guard(ByAddress.SESSION)
refreshes = _guard(ByAddress.REFRESH)
