"""What the routes of Messaging have in common."""

from collections.abc import Sequence

from litestar.types import Guard

from services.core.http.guards import requires
from services.core.http.limits import limit

TEXTS = {
    403: "`guest-refused`: guests don't write to each other. `missing-scope`: of the token.",
    404: "There is no such conversation or message, or you aren't in it.",
    422: "`message-refused`: `errors` names the fields.",
    429: "Too many requests, or `over-quota`: as much as one account may have.",
}

MESSAGE_BYTES = 49_500
"""A text of 4,000 characters, of which JSON may write each in twelve bytes, and the fields beside it."""

READS: Sequence[Guard] = [requires("messages:read"), limit("messaging-read", 900, per=60)]
"""Guards of each route that shows something: what is private has a scope for reading, too."""

WRITES: Sequence[Guard] = [requires("messages:write"), limit("messaging-write", 180, per=60)]
"""Guards of each route that changes something."""

SENDS: Sequence[Guard] = [
    requires("messages:write"),
    limit("messaging-send", 120, per=60, unit="messages"),
    limit("messaging-send-daily", 5_000, per=86_400, unit="messages"),
]
"""Guards of the routes that send or edit a message."""

INVITES: Sequence[Guard] = [
    requires("messages:write"),
    limit("messaging-invite", 300, per=3_600, unit="invitations"),
]
"""Guards of the route that adds people to groups."""

GROUPS: Sequence[Guard] = [
    requires("messages:write"),
    limit("messaging-groups", 20, per=3_600, unit="groups"),
]
"""Guards of the route that makes groups."""

REPORTS: Sequence[Guard] = [requires("messages:write"), limit("messaging-report", 60, per=3_600, unit="reports")]
"""Guards of the route that puts a message before moderators."""

SEARCHES: Sequence[Guard] = [requires("messages:read"), limit("messaging-search", 60, per=60, unit="searches")]
"""Guards of the route that searches."""
