"""Idempotency keys: what a client gave with a request to create, and what came of it, until the key expires.

class IdempotencyKey(Base):
__tablename__ = "idempotency_key"
owner: Mapped[UUID] = mapped_column(primary_key=True)
key: Mapped[str] = mapped_column(Text, primary_key=True)
body_hash: Mapped[bytes] = mapped_column(LargeBinary)
poll: Mapped[UUID]
expires_at: Mapped[datetime] = mapped_column(index=True)

class KeyRepository(IdempotencyKeys[IdempotencyKey]):
model_type = IdempotencyKey
made = "poll"
"""

from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from services.core.data.models import TableBase
from services.core.data.repository import Repository

KeyT = TypeVar("KeyT", bound=TableBase)

_now = func.statement_timestamp()


class IdempotencyKeys(Repository[KeyT]):
    """A service's idempotency keys.

    Attributes:
        made: The column that says what came of the request.
    """

    made: ClassVar[str]

    async def claim(self, owner: UUID, key: str, body_hash: bytes, new: UUID, expires_at: datetime) -> KeyT | None:
        """Take an idempotency key for something new; None says it is taken now.

        Another transaction that has just taken it is waited for. What has expired is taken over.
        """
        table: Any = self.model_type
        values = {"body_hash": body_hash, self.made: new, "expires_at": expires_at}
        statement = (
            insert(table)
            .values(owner=owner, key=key, **values)
            .on_conflict_do_update(index_elements=["owner", "key"], set_=values, where=table.expires_at <= _now)
            .returning(table.key)
        )
        if (await self.session.execute(statement)).first() is not None:
            return None
        return await self.get_one(owner=owner, key=key)

    async def forget(self) -> None:
        """Drop the keys that have expired."""
        table: Any = self.model_type
        await self.session.execute(delete(table).where(table.expires_at <= _now))
