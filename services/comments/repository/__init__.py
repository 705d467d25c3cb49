"""Every SQL statement of Comments.

Whoever adds, hides or deletes comments locks the thread first, then changes its comments.
"""

from services.comments.repository.comments import CommentRepository, MentionRepository, SupportRepository, named_by
from services.comments.repository.exporting import exported
from services.comments.repository.moderation import (
    FILTERS_LEFT,
    LIMITS_LEFT,
    AuditRepository,
    CaseRepository,
    FilterRepository,
    LimitRepository,
    ModerationLog,
    ReportRepository,
    RoundRepository,
)
from services.comments.repository.pages import Pages, SeenPage
from services.comments.repository.people import BlockRepository, FollowRepository
from services.comments.repository.threads import FollowingRepository, ThreadRepository, find

__all__ = [
    "FILTERS_LEFT",
    "LIMITS_LEFT",
    "AuditRepository",
    "BlockRepository",
    "CaseRepository",
    "CommentRepository",
    "FilterRepository",
    "FollowRepository",
    "FollowingRepository",
    "LimitRepository",
    "MentionRepository",
    "ModerationLog",
    "Pages",
    "ReportRepository",
    "RoundRepository",
    "SeenPage",
    "SupportRepository",
    "ThreadRepository",
    "exported",
    "find",
    "named_by",
]
