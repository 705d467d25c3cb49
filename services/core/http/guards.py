"""Guards: what a request's access token must cover, declared at the route.

    @patch("/me", guards=[requires("profiles:write"), limit("profile-edit", 30, per=60)])

Each route that takes a subject declares a scope, or `ANY_TOKEN`; a test looks through all of them. Guests vote and join
rooms, so they are let in nowhere else: a route that takes them says so, `requires("votes:write", guests=True)`.
"""

from typing import Any

from services.core.http.dependencies import Connection, authenticate
from services.core.identity.subject import Kind
from services.core.problems import not_for_guests, unauthenticated


class ScopeGuard:
    """Lets tokens through that cover a scope.

    Attributes:
        scope: For example `polls:write`; empty where any token will do.
        guests: Whether guests' tokens are among them.
    """

    def __init__(self, scope: str, *, guests: bool = False) -> None:
        self.scope = scope
        self.guests = guests

    async def __call__(self, connection: Connection, _: Any) -> None:
        """Refuse a request without a token that covers the scope.

        Raises:
            Problem: 401 without a good token, 403 if it is a guest's or doesn't cover the scope.
        """
        subject = await authenticate(connection)
        if subject is None:
            raise unauthenticated()
        if subject.kind is Kind.GUEST and not self.guests:
            raise not_for_guests()
        if self.scope:
            subject.require(self.scope)


def requires(scope: str, *, guests: bool = False) -> ScopeGuard:
    """Return a guard that lets tokens through that cover a scope such as `polls:write`; guests' too if it says so."""
    return ScopeGuard(scope, guests=guests)


ANY_TOKEN = ScopeGuard("")
"""Lets any user's token through: what an API key may do whatever its scopes are."""

GUESTS_TOO = ScopeGuard("", guests=True)
"""Lets any good token through, guests' as well."""
