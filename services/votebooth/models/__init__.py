"""VoteBooth's tables.

Two kinds of tables hold ballots, and a poll uses one of them. `Ballot` joins a voter to a choice.
`Participation` and `AnonymousBallot` hold the two apart: no column, time or order is common to both
(docs/voting.md says how far that goes).

No table refers to another by a foreign key: each such check would lock the poll's row once per ballot,
and every writer holds the lock of the poll's `Counter` anyway.
"""

from services.votebooth.models.ballots import (
    AnonymousBallot,
    Ballot,
    Counter,
    Draft,
    ListedReceipt,
    Participation,
    Pattern,
    Poll,
    Release,
)
from services.votebooth.models.base import Base
from services.votebooth.models.people import AuditEntry, EarlierFollows, Follow, Person
from services.votebooth.models.roll import Credential, RollEntry, TokenBatch, Unreminded
from services.votebooth.models.rooms import (
    Room,
    RoomEntry,
    RoomLease,
    RoomMember,
    RoomQuestion,
    RoomReaction,
    RoomScreen,
    RoomVote,
)

__all__ = [
    "AnonymousBallot",
    "AuditEntry",
    "Ballot",
    "Base",
    "Counter",
    "Credential",
    "Draft",
    "EarlierFollows",
    "Follow",
    "ListedReceipt",
    "Participation",
    "Pattern",
    "Person",
    "Poll",
    "Release",
    "RollEntry",
    "Room",
    "RoomEntry",
    "RoomLease",
    "RoomMember",
    "RoomQuestion",
    "RoomReaction",
    "RoomScreen",
    "RoomVote",
    "TokenBatch",
    "Unreminded",
]
