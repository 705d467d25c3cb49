"""What a service writes down of reports and cases. Its own tables name the column of what they are about."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, column, func
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import TableBase
from services.core.ids import new_id


class ReportTable(TableBase):
    """Somebody thinks that something shouldn't be there.

    Attributes:
        about: What; the first column of the primary key.
    """

    __abstract__ = True
    __tablename__ = "report"
    about: Mapped[UUID]
    reporter: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class CaseTable(TableBase):
    """What moderators have to decide about something.

    Attributes:
        about: What; unique.
        reports: How many people have reported it.
        opened_at: Since when it waits; anew each time that it is opened.
        decided_at: Null while it waits.
        outcome: Null while it waits.
    """

    __abstract__ = True
    __tablename__ = "moderation_case"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    about: Mapped[UUID]
    reports: Mapped[int] = mapped_column(server_default="0")
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    outcome: Mapped[str | None] = mapped_column(Text)


class AppealTable(CaseTable):
    """The same, of what moderators can hide.

    Attributes:
        appeal: Why its author thinks that it should be shown again; null without an appeal.
        matched: The filter's words for which it waits.
    """

    __abstract__ = True
    appeal: Mapped[str | None] = mapped_column(Text)
    matched: Mapped[str | None] = mapped_column(Text)


class FilterTable(TableBase):
    """Words whose texts wait for a moderator.

    Attributes:
        words: As a moderator wrote them.
        key: As they are compared.
        left: There may be texts from before it that weren't held against it.
        begun: After which text the round began in which they are; null before it begins.
    """

    __abstract__ = True
    __tablename__ = "filter"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    words: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    left: Mapped[bool] = mapped_column(server_default="true")
    begun: Mapped[UUID | None]


class RoundTable(TableBase):
    """Where whoever holds texts against new filters is; one row.

    Attributes:
        after: The last text that was looked at; nil at the beginning of a round.
        version: Grows with each step, so that a step counts once, whoever else believes that it is theirs.
        busy_until: Somebody is at it, and lets others wait until then at most.
    """

    __abstract__ = True
    __tablename__ = "filter_round"
    only: Mapped[bool] = mapped_column(primary_key=True, server_default="true")
    after: Mapped[UUID]
    version: Mapped[int] = mapped_column(BigInteger)
    busy_until: Mapped[datetime]


def filter_args() -> tuple[Any, ...]:
    """Return the index of the filters against which not all texts were held."""
    return (Index("ix_filter_left", "id", postgresql_where=column("left")),)


def case_args(*outcomes: str) -> tuple[Any, ...]:
    """Return the constraints of a table of cases, which may end in these ways, and the index of those that wait."""
    named = ", ".join(f"'{outcome}'" for outcome in outcomes)
    return (
        CheckConstraint(f"outcome IN ({named})", name="outcome"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_with_an_outcome"),
        Index("ix_moderation_case_waiting", "opened_at", "id", postgresql_where=column("decided_at").is_(None)),
    )
