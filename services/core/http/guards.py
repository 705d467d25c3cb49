"""Guards: what a request's access token must cover, declared at the route.

    @patch("/me", guards=[requires("profiles:write"), limit("profile-edit", 30, per=60)])

Each route that takes a subject declares a scope, or `ANY_TOKEN`; a test looks through all of them.
"""

from typing import Any

from services.core.http.dependencies import Connection, authenticate
from services.core.problems import unauthenticated


class ScopeGuard:
    """Lets tokens through that cover a scope.

    Attributes:
        scope: For example `polls:write`; empty where any token will do.
    """

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, connection: Connection, _: Any) -> None:
        """Refuse a request without a token that covers the scope.

        Raises:
            Problem: 401 without a good token, 403 if it doesn't cover the scope.
        """
        subject = await authenticate(connection)
        if subject is None:
            raise unauthenticated()
        if self.scope:
            subject.require(self.scope)


def requires(scope: str) -> ScopeGuard:
    """Return a guard that lets tokens through that cover a scope such as `polls:write`."""
    return ScopeGuard(scope)


ANY_TOKEN = ScopeGuard("")
"""Lets any good token through: what an API key may do whatever its scopes are."""
