"""Guards that count a request by the address it comes from, before its body is read. They raise a 429 problem."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.auth.controllers.answers import visitor_of
from services.auth.service import Auth
from services.auth.throttle import Throttle
from services.auth.visitor import Visitor
from services.core.http.dependencies import Connection


def _by_address(count: Callable[[Throttle, Visitor], Awaitable[None]]) -> Callable[[Connection, Any], Awaitable[None]]:
    """Return the guard that counts in one of Auth's limits."""

    async def guard(connection: Connection, _: Any) -> None:
        auth: Auth = connection.app.state["auth"]
        await count(auth.throttle, visitor_of(connection))

    return guard


sign_ups = _by_address(Throttle.sign_up)
guests = _by_address(Throttle.guest)
sessions = _by_address(Throttle.session)
refreshes = _by_address(Throttle.refresh)
