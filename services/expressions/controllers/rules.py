"""What the routes of Expressions have in common."""

from collections.abc import Sequence

from litestar.types import Guard

from services.core.http.guards import requires
from services.core.http.limits import limit

TEXTS = {
    403: "`guest-refused`: guests don't publish or react. `not-the-owner`: it is somebody else's. "
    "`missing-scope`: of the token.",
    404: "There is no such Wave, or you may not see it.",
    422: "`waves-refused`: none, or too many at once.",
    429: "Too many requests, or `over-quota`: as much as one account may have.",
}

WAVE_BYTES = 50_000
"""A text of 4,000 bytes and four descriptions of 500 characters, of which JSON may write each in six or twelve."""

WRITES: Sequence[Guard] = [requires("expressions:write"), limit("expressions-write", 60, per=60)]
"""Guards of each route that publishes or changes a Wave."""

REACTS: Sequence[Guard] = [requires("expressions:write"), limit("expressions-react", 180, per=60)]
"""Guards of each route that reacts."""

REPORTS: Sequence[Guard] = [requires("expressions:write"), limit("expressions-report", 60, per=3_600, unit="reports")]
"""Guards of the routes that put something before moderators."""

READS: Sequence[Guard] = [limit("expressions-read", 900, per=60)]
"""Guards of each route that shows Waves."""
