"""What the routes of Notifications have in common."""

from collections.abc import Sequence

from litestar.types import Guard

from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import limit

TEXTS = {
    403: "`guest-refused`: guests aren't notified. `missing-scope`: the token lacks `scope`.",
    404: "There is no such notification, poll or device, or you may not see it.",
    429: "Too many requests, or `over-quota`: as many as one account may have.",
}

WRITES: Sequence[Guard] = [requires("notifications:write"), limit("notifications-write", 240, per=60)]
"""Guards of each route that changes something."""

READS: Sequence[Guard] = [ANY_TOKEN, limit("notifications-read", 600, per=60)]
"""Guards of each route that reads."""
