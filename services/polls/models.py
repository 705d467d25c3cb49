"""Tables of Polls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, Text, and_, column, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.circles import EarlierColumns, FollowColumns
from services.core.data.audit import AuditColumns
from services.core.data.models import ServiceBase
from services.core.people import PersonColumns

_NOT_DELETED = column("deleted_at").is_(None)
_PUBLISHED = column("published_at").is_not(None)


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Poll(Base):
    """A poll: its definition, its rules, its times.

    The options stand in the row, so that a definition is read and replaced as one. A method's parameters
    are null where they weren't given; `methods.effective` says what then holds. There is no status column:
    the status follows from the times and the database's clock.

    Attributes:
        time_zone: That in which its owner set its times, by its name in the IANA database; null if they didn't say.
        question_version: The version with which title, description or options last changed after the poll was
            published; 0 if they never did.
    """

    __tablename__ = "poll"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text, unique=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    next_option: Mapped[int]
    question_version: Mapped[int] = mapped_column(server_default=text("0"))
    seats: Mapped[int | None]
    min_picks: Mapped[int | None]
    max_picks: Mapped[int | None]
    max_score: Mapped[int | None]
    points: Mapped[int | None]
    max_ranks: Mapped[int | None]
    allow_ties: Mapped[bool | None]
    random_order: Mapped[bool]
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    listing: Mapped[str] = mapped_column(Text, server_default=text("'public'"))
    results: Mapped[str] = mapped_column(Text)
    minimum: Mapped[int]
    eligibility: Mapped[str] = mapped_column(Text)
    strength: Mapped[str] = mapped_column(Text)
    anonymous: Mapped[bool]
    change: Mapped[bool]
    withdraw: Mapped[bool]
    abstain: Mapped[bool]
    quorum: Mapped[int | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    time_zone: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    opened_event_at: Mapped[datetime | None]
    closed_event_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("published_at IS NULL OR opens_at IS NOT NULL", name="published_opens"),
        CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        Index("ix_poll_published", "published_at", "id", postgresql_where=_PUBLISHED & _NOT_DELETED),
        Index("ix_poll_owner", "owner", "id", postgresql_where=_NOT_DELETED),
        Index(
            "ix_poll_to_open",
            "opens_at",
            postgresql_where=and_(column("opened_event_at").is_(None), _PUBLISHED, _NOT_DELETED),
        ),
        Index(
            "ix_poll_to_close",
            func.coalesce(column("closed_at"), column("closes_at")),
            postgresql_where=and_(
                column("closed_event_at").is_(None), column("opened_event_at").is_not(None), _NOT_DELETED
            ),
        ),
    )


class AuditEntry(AuditColumns, Base):
    """An administrative act on a poll. The service's role may add rows and read them, and nothing else."""

    __tablename__ = "audit"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    poll: Mapped[UUID]
    actor: Mapped[UUID | None] = mapped_column(nullable=False)
    role: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    __table_args__ = (Index("ix_audit_poll", "poll", "position"),)


class IdempotencyKey(Base):
    """A key that a client gave with a request to create, and the poll that came of it."""

    __tablename__ = "idempotency_key"
    owner: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    poll: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"
    __table_args__ = (Index("ix_follow_followee", "followee"),)


class EarlierFollows(EarlierColumns, Base):
    """That it has those who followed somebody before Polls listened."""

    __tablename__ = "earlier_follows"


class Person(PersonColumns, Base):
    """Who owners are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"
