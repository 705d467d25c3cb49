"""Audit logs: who did what, and when. Rows are added in the transaction of the act, and never changed.

Each service keeps its own, in a table that says what an act concerns:

    class AuditEntry(AuditColumns, Base):
        __tablename__ = "audit_log"
        position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
        poll: Mapped[UUID]

    class AuditRepository(AuditLog[AuditEntry]):
        model_type = AuditEntry

    await AuditRepository(session).record("poll.closed", subject.id, poll=poll.id)

Readers see entries as `people.LogEntry`. The service's database role may read and add rows and nothing else, which its
migration sees to.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import TableBase, Timestamp
from services.core.data.repository import Repository

EntryT = TypeVar("EntryT", bound=TableBase)


class AuditColumns:
    """What each audit log holds.

    Attributes:
        at: When.
        actor: The account that did it; null for the system and its operators.
        act: What was done, a noun and a verb such as `tokens.issued`.
        details: Numbers and names of what was done, never a secret, a ballot or an address.
    """

    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    actor: Mapped[UUID | None]
    act: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class AuditLog(Repository[EntryT]):
    """An audit log, within the transaction of what is done."""

    async def record(
        self, act: str, actor: UUID | None, details: Mapping[str, Any] | None = None, **concerns: Any
    ) -> None:
        """Add an act.

        Args:
            act: What is done.
            actor: The account that does it; None for the system and its operators.
            details: More, for readers of the log; no secrets, ballots or addresses.
            concerns: The table's own columns, such as the poll.
        """
        await self.add(self.model_type(act=act, actor=actor, details=dict(details or {}), **concerns))
