"""What the routes of Follows have in common."""

from collections.abc import Sequence

from litestar.types import Guard

from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import limit

TEXTS = {
    403: "`guest-refused`: guests follow nobody. `missing-scope`: the token lacks `scope`.",
    404: "There is no such person, or they block you: the two look the same.",
    422: "`not-oneself`: one can't follow, block or mute oneself.",
    429: "Too many requests, or `over-quota`: as many as one account may have.",
}

WRITES: Sequence[Guard] = [requires("follows:write"), limit("follows-write", 120, per=60)]
"""Guards of each route that changes something."""

READS_OF_OTHERS: Sequence[Guard] = [ANY_TOKEN, limit("follows-read", 600, per=60)]
"""Guards of each route that shows somebody: an id that is nobody's costs a call to another service."""
