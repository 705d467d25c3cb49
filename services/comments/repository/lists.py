"""The orders of lists."""

from services.comments.models import AuditEntry, Case, Comment, Filter, Following, Limit, ModerationEntry, Report
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
WAITING = Keyset("cases", Case.opened_at, Case.id, ascending=True)
REPORTS = Keyset("reports", Report.at, Report.reporter, ascending=True)
FOLLOWED = Keyset("followed-threads", Following.ordinal)
FILTERS = Keyset("filters", Filter.id)
LIMITS = Keyset("limits", Limit.ordinal)
MODERATION_LOG = Keyset("moderation-log", ModerationEntry.position)
LOG = Keyset("thread-log", AuditEntry.position)


TOP = _orders("comments")
REPLIES = _orders("replies")
MINE = Keyset("my-comments", Comment.id)
WAITING = Keyset("cases", Case.opened_at, Case.id, ascending=True)
REPORTS = Keyset("reports", Report.at, Report.reporter, ascending=True)
FOLLOWED = Keyset("followed-threads", Following.ordinal)
LOG = Keyset("thread-log", AuditEntry.position)
