"""Every SQL statement of Expressions. Who sees a Wave is part of the statement, so no page is shortened afterwards.

Locks are taken in one order: the account that acts, then its own Wave, then its case, then the one that it shares on.
"""

from services.expressions.repository.exporting import exported
from services.expressions.repository.moderation import (
    FILTERS_LEFT,
    CaseRepository,
    FilterRepository,
    ModerationLog,
    ReportRepository,
    RoundRepository,
)
from services.expressions.repository.reactions import REACTIONS, AccountRepository, ReactionRepository
from services.expressions.repository.told import LIMITS_LEFT, KeyRepository, LimitRepository, PollRepository
from services.expressions.repository.waves import (
    RIPPLES,
    WAVES,
    ImageRepository,
    MentionRepository,
    RevisionRepository,
    WaveRepository,
)

__all__ = [
    "FILTERS_LEFT",
    "LIMITS_LEFT",
    "REACTIONS",
    "RIPPLES",
    "WAVES",
    "AccountRepository",
    "CaseRepository",
    "FilterRepository",
    "ImageRepository",
    "KeyRepository",
    "LimitRepository",
    "MentionRepository",
    "ModerationLog",
    "PollRepository",
    "ReactionRepository",
    "ReportRepository",
    "RevisionRepository",
    "RoundRepository",
    "WaveRepository",
    "exported",
]
