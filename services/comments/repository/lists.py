"""The orders of lists."""

from services.comments.models import AuditEntry, Comment, Filter, Following, Limit
from services.comments.schemas import Order
from services.core.data.pagination import Keyset


def _orders(name: str) -> dict[Order, Keyset]:
    return {
        "newest": Keyset(f"{name}-newest", Comment.id),
        "oldest": Keyset(f"{name}-oldest", Comment.id, ascending=True),
        "supported": Keyset(f"{name}-supported", Comment.support, Comment.id),
    }


TOP = _orders("comments")
REPLIES = _orders("replies")
MINE = Keyset("my-comments", Comment.id)
FOLLOWED = Keyset("followed-threads", Following.ordinal)
FILTERS = Keyset("filters", Filter.id)
LIMITS = Keyset("limits", Limit.ordinal)
LOG = Keyset("thread-log", AuditEntry.position)
