"""What API keys can be given: services/auth/scopes.py, from the scopes that routes declare."""

from litestar.routes import HTTPRoute
from services.core.http.guards import ScopeGuard
from tools.generate.gateway import application

PATH = "services/auth/scopes.py"
_SESSIONS_ONLY = "account:"  # managing the account itself always takes a signed-in session
_TEXT = '''\
"""Scopes that an API key can be given. Made by `./just generate` from what routes declare; don't edit."""

from typing import Literal

Scope = Literal[
{lines}]
"""Managing the account itself always takes a signed-in session, so it has none."""
'''


def contents() -> dict[str, str]:
    """Return the module with every scope that a route of any service asks for."""
    found = {
        guard.scope
        for route in application("all").routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for guard in handler.resolve_guards()
        if isinstance(guard, ScopeGuard) and guard.scope and not guard.scope.startswith(_SESSIONS_ONLY)
    }
    return {PATH: _TEXT.format(lines="".join(f'    "{scope}",\n' for scope in sorted(found)))}
