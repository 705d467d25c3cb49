"""Every SQL statement of rooms."""

from services.votebooth.rooms.repository.people import LeaseRepository, MemberRepository, ScreenRepository
from services.votebooth.rooms.repository.questions import (
    QuestionRepository,
    ReactionRepository,
    VoteRepository,
    question_of,
)
from services.votebooth.rooms.repository.rooms import MINE, EntryRepository, RoomRepository, head_of, steady

__all__ = [
    "MINE",
    "EntryRepository",
    "LeaseRepository",
    "MemberRepository",
    "QuestionRepository",
    "ReactionRepository",
    "RoomRepository",
    "ScreenRepository",
    "VoteRepository",
    "head_of",
    "question_of",
    "steady",
]
