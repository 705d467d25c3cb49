"""Guards that count a request by the address it comes from, before its body is read."""

from typing import Any

from services.auth.controllers.answers import visitor_of
from services.auth.service import Auth
from services.auth.throttle import Throttle
from services.core.http.dependencies import Connection


def _throttle(connection: Connection) -> Throttle:
    auth: Auth = connection.app.state["auth"]
    return auth.throttle


async def sign_ups(connection: Connection, _: Any) -> None:
    """Count a sign-up.

    Raises:
        Problem: 429.
    """
    await _throttle(connection).sign_up(visitor_of(connection))


async def guests(connection: Connection, _: Any) -> None:
    """Count a new guest.

    Raises:
        Problem: 429.
    """
    await _throttle(connection).guest(visitor_of(connection))


async def sessions(connection: Connection, _: Any) -> None:
    """Count a sign-in or a use of an API key.

    Raises:
        Problem: 429.
    """
    await _throttle(connection).session(visitor_of(connection))


async def refreshes(connection: Connection, _: Any) -> None:
    """Count a refresh.

    Raises:
        Problem: 429.
    """
    await _throttle(connection).refresh(visitor_of(connection))
