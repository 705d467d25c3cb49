"""What every service's tables share: a UUIDv7 key, and the outbox, inbox and parked tables.

A service's `models.py` begins with its base, which has the tables of its events already, and says its own tables:

    class Base(ServiceBase):
        __abstract__ = True

    class Poll(Base):
        __tablename__ = "poll"
        id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
"""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, MetaData, Text, column, func
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


__all__ = [
    "InboxColumns",
    "OutboxColumns",
    "ParkedColumns",
    "ServiceBase",
    "TableBase",
    "Timestamp",
    "service_metadata",
    "utc_now",
]

Timestamp = DateTime(timezone=True)


class TableBase(DeclarativeBase):
    """The base of every service's own base: times carry their zone."""

    __abstract__ = True
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Timestamp}


class OutboxColumns:
    """An event that is to be published, written with what it tells of."""

    __tablename__ = "outbox"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    trace: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    published_at: Mapped[datetime | None] = mapped_column(Timestamp)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        """Return new indexes each time: an index belongs to one table, and each service has its own."""
        return (
            Index("ix_outbox_waiting", "position", postgresql_where=column("published_at").is_(None)),
            Index("ix_outbox_created_at", "created_at"),
        )


class InboxColumns:
    """An event that was handled here; a second delivery finds its row and stops."""

    __tablename__ = "inbox"
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now(), index=True)


class ParkedColumns:
    """An event that couldn't be handled, kept for an operator to look at and replay."""

    __tablename__ = "parked"
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    trace: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text)
    parked_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


def service_metadata() -> MetaData:
    """Return a service's own metadata, with names for constraints that migrations can rely on."""
    return MetaData(naming_convention=NAMING)


class ServiceBase(TableBase):
    """The base of one service's tables.

    A direct subclass is a service's base: it gets a metadata of its own, which keeps Alembic to one schema, and
    the tables of its events. Nothing joins another service's tables.
    """

    __abstract__ = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give a service's base its metadata and the tables of its events."""
        if ServiceBase in cls.__bases__:
            cls.metadata = service_metadata()
        super().__init_subclass__(**kwargs)
        if ServiceBase in cls.__bases__:
            for name, columns in (("Outbox", OutboxColumns), ("Inbox", InboxColumns), ("Parked", ParkedColumns)):
                type(name, (columns, cls), {"__module__": cls.__module__, "__doc__": columns.__doc__})
