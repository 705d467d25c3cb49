"""Every SQL statement of Comments.

Whoever adds, hides or deletes comments locks the thread first, then changes its comments.
"""

from services.comments.repository.comments import CommentRepository, MentionRepository, SupportRepository
from services.comments.repository.exporting import exported
from services.comments.repository.moderation import (
    AuditRepository,
    CaseRepository,
    FilterRepository,
    LimitRepository,
    ModerationLog,
    ReportRepository,
    RoundRepository,
)
from services.comments.repository.people import BlockRepository, FollowRepository
from services.comments.repository.threads import FollowingRepository, ThreadRepository

__all__ = [
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
    "ReportRepository",
    "RoundRepository",
    "SupportRepository",
    "ThreadRepository",
    "exported",
]
