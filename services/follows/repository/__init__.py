"""Every SQL statement of Follows.

Locks are taken in one order: the person who is followed, then the accounts concerned by their ids, then tags by their
names.
"""

from services.follows.repository.exporting import exported
from services.follows.repository.follows import (
    FOLLOWERS,
    FOLLOWING,
    MUTUALS,
    REQUESTS,
    REQUESTS_SENT,
    AccountRepository,
    FollowRepository,
    PersonRepository,
)
from services.follows.repository.marks import BLOCKS, MUTES, BlockRepository, MuteRepository
from services.follows.repository.tags import TAGS, TagFollowRepository, TagRepository

__all__ = [
    "BLOCKS",
    "FOLLOWERS",
    "FOLLOWING",
    "MUTES",
    "MUTUALS",
    "REQUESTS",
    "REQUESTS_SENT",
    "TAGS",
    "AccountRepository",
    "BlockRepository",
    "FollowRepository",
    "MuteRepository",
    "PersonRepository",
    "TagFollowRepository",
    "TagRepository",
    "exported",
]
