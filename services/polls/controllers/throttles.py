"""Who may change polls, and how often."""

from services.core.http.guards import requires
from services.core.http.limits import ByteLimit, limit, limit_address

WRITING = requires("polls:write")
CREATING = limit("poll-create", 300, per=60)
CHANGING = limit("poll-change", 300, per=60)
WEIGHING = ByteLimit("poll-bytes", subject=10_000_000, address=40_000_000, per=600)
"""Of all that is sent and answered: each answer holds the whole poll, whose reading and writing it stands for."""

FINDING = limit_address("poll-by-code", 1_200, per=60)
MISS = 20
"""What a code that is no poll's costs, so that an audience finds its poll and nobody finds others' by trying."""
