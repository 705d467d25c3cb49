"""Scopes that an API key can be given. Made by `./just generate` from what routes declare; don't edit."""

from typing import Literal

Scope = Literal[
    "comments:write",
    "expressions:write",
    "feed:write",
    "follows:write",
    "messages:read",
    "messages:write",
    "notifications:write",
    "polls:write",
    "profiles:write",
    "rooms:write",
    "votes:write",
]
"""Managing the account itself always takes a signed-in session, so it has none."""
