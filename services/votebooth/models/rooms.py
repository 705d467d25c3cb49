"""Rooms: their logs, and who and what is in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, Text, column, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import Timestamp
from services.votebooth.models.base import Base


class Room(Base):
    """A room. Who changes it holds its row, and adds to its log.

    Attributes:
        code: How people come in; null once it is released.
        seq: The number of its log's last entry.
        head: What the room is (`rooms/state.py`, `RoomHead`), its questions apart.
        acted_at: When somebody last did something in it.
        request_key: The idempotency key that made it.
        request_hash: SHA-256 of the request that did.
    """

    __tablename__ = "rooms"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)
    owner_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    acted_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    ended_at: Mapped[datetime | None]
    request_key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_rooms_owner_id_id", "owner_id", "id"),
        Index("uq_rooms_owner_id_request_key", "owner_id", "request_key", unique=True),
        Index("ix_rooms_acted_at", "acted_at", postgresql_where=column("code").is_not(None)),
    )


class RoomEntry(Base):
    """An entry of a room's log, which is never changed; with its room it goes.

    Attributes:
        actor: The host who acted; null for the audience, whose acts are nobody's, and for the room itself.
        act: What was done, a noun and a verb such as `poll.pinned`.
        part: What it changed, as it is since then (`rooms/state.py`, `RoomPart`).
    """

    __tablename__ = "room_log"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[UUID | None]
    act: Mapped[str] = mapped_column(Text)
    part: Mapped[dict[str, Any]] = mapped_column(JSONB)


class RoomMember(Base):
    """Somebody who has come in by the code, under the name that they chose."""

    __tablename__ = "room_members"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    guest: Mapped[bool]


class RoomLease(Base):
    """Somebody is here until then, unless they are heard of again. Lost in a crash; the next beats bring it back.

    Attributes:
        host: They run the room. Such a row stays until the room was told that they are away.
    """

    __tablename__ = "room_leases"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    host: Mapped[bool] = mapped_column(server_default=text("false"))
    __table_args__ = (
        Index("ix_room_leases_hosts", "room_id", postgresql_where=column("host")),
        {"prefixes": ["UNLOGGED"]},
    )


class RoomReaction(Base):
    """How often the audience reacted in a step of time that isn't over. Whose reactions they are isn't kept."""

    __tablename__ = "room_reactions"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int]
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)


class RoomQuestion(Base):
    """A question from the audience (`rooms/state.py`, `AskedQuestion`), and who asked it."""

    __tablename__ = "room_questions"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    asker_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    guest: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    anonymous: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    answered: Mapped[bool]
    pinned: Mapped[bool]
    votes: Mapped[int]
    asked_at: Mapped[datetime]


class RoomVote(Base):
    """Somebody wants a question answered: once."""

    __tablename__ = "room_votes"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    voter_id: Mapped[UUID] = mapped_column(primary_key=True)
    question_id: Mapped[UUID] = mapped_column(primary_key=True)
    __table_args__ = (Index("ix_room_votes_room_id_question_id", "room_id", "question_id"),)


class RoomScreen(Base):
    """A screen that may look at a room.

    Attributes:
        token_hash: SHA-256 of what it shows to be let in.
    """

    __tablename__ = "room_screens"

    room_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
