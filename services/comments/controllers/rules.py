"""What the routes of Comments have in common."""

from collections.abc import Sequence
from typing import Annotated

from litestar.params import QueryParameter
from litestar.types import Guard

from services.comments.schemas import Order
from services.core.http.guards import requires
from services.core.http.limits import ByteLimit, limit, limit_address

TEXTS = {
    403: "`guest-refused`: guests don't comment. `not-the-owner`: the thread is somebody else's. "
    "`missing-scope`: of the token. `forbidden`: the thread is locked.",
    422: "`comment-refused`, `too-deep`, `threads-refused`, `reason-refused`, `report-refused`: `errors` names the "
    "fields.",
    404: "There is no such comment or poll, or you may not see it.",
}

COMMENT_BYTES = 64_000
"""A text of 5,000 characters, of which JSON may write each in twelve bytes."""

_WEIGHING = ByteLimit("comments-bytes", subject=2_000_000, address=20_000_000, per=600)

WRITES: Sequence[Guard] = [requires("comments:write"), limit("comments-write", 120, per=60)]
"""Guards of each route that changes something."""

ADDS: Sequence[Guard] = [
    requires("comments:write"),
    limit("comments-add", 30, per=60, unit="comments"),
    limit("comments-add-daily", 1_000, per=86_400, unit="comments"),
    _WEIGHING,
]
"""Guards of the route that adds comments: what one account stores in a day is 5 MB at most."""

EDITS: Sequence[Guard] = [*WRITES, _WEIGHING]
"""Guards of the route that changes a comment's text."""

REPORTS: Sequence[Guard] = [requires("comments:write"), limit("comments-report", 60, per=3_600, unit="reports")]
"""Guards of the routes that put something before moderators."""

READS: Sequence[Guard] = [limit_address("comments-read", 3_000, per=60)]
"""Guards of each route that anybody may read."""

Sort = Annotated[
    Order, QueryParameter(name="sort", description="`supported`: those that most people support come first.")
]
