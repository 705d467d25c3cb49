"""What was done, and what is known of people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, column, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.circles import EarlierColumns, FollowColumns
from services.core.data.audit import AuditColumns
from services.core.data.models import Timestamp
from services.core.people import PersonColumns
from services.votebooth.models.base import Base


class AuditEntry(AuditColumns, Base):
    """An administrative act. Rows are added and never changed: the service's role may do nothing else."""

    __tablename__ = "audit_log"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.clock_timestamp())
    poll_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    __table_args__ = (
        Index("ix_audit_log_poll_id_position", "poll_id", "position"),
        Index("ix_audit_log_invitations", "actor", "at", postgresql_where=column("act") == "roll.invited"),
    )


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"
    __table_args__ = (Index("ix_follow_followee", "followee"),)


class EarlierFollows(EarlierColumns, Base):
    """That it has those who followed somebody before VoteBooth listened."""

    __tablename__ = "earlier_follows"


class Person(PersonColumns, Base):
    """Who accounts are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"
