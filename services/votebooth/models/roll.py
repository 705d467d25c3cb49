"""Who is invited to vote, and by which tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, column, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import Timestamp
from services.votebooth.models.base import Base


class Credential(Base):
    """A voting token that was issued. The token itself is not stored.

    Attributes:
        token_hash: The token's SHA-256; its first 16 bytes are the voter's key.
    """

    __tablename__ = "credentials"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    issued_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class TokenBatch(Base):
    """How many voting tokens a request with an idempotency key has made."""

    __tablename__ = "token_batches"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_key: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int]


class RollEntry(Base):
    """An address that is invited to a poll, and how far its invitation has come.

    Attributes:
        address: As it is compared and written to (`roll/addresses.py`).
        state: `waiting`, `sent` or `failed`.
        tries: Attempts to send since the invitation was asked for.
        due_at: When the next attempt may begin, while it is waiting; put off when one begins, so that one that
            was cut short is made again. In a draft it never may: the moment is infinitely far.
        token_hash: Of the token that was last made for it; null before the first.
        sent_at: When the last mail was taken.
        reminder: The mail that waits reminds somebody who was invited before.
    """

    __tablename__ = "roll"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    sent_at: Mapped[datetime | None]
    reminder: Mapped[bool] = mapped_column(server_default=text("false"))
    __table_args__ = (Index("ix_roll_waiting", "due_at", postgresql_where=column("state") == "waiting"),)


class Unreminded(Base):
    """An address to which no reminders are sent any more.

    Attributes:
        key: A keyed hash of it: who says no leaves no address behind.
    """

    __tablename__ = "unreminded"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
