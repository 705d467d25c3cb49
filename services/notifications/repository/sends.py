"""What many are told of, shard by shard."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository
from services.notifications.models import Send, Shard

_NOBODY = UUID(int=0)


class SendRepository(Repository[Send]):
    """Jobs that tell many people of one thing."""

    model_type = Send

    async def begin(self, kind: str, subject: UUID, actor: UUID, at: datetime, ends: Sequence[UUID]) -> None:
        """Add a send, unless there was one of this kind and subject.

        Args:
            kind: What is told.
            subject: Of what.
            actor: Who did it.
            at: When.
            ends: The last account of each shard, in their order.
        """
        if not ends:
            return
        send = await self.add_or_ignore(
            {"kind": kind, "subject": subject, "actor": actor, "at": at, "state": "running"}
        )
        if send is not None:
            shards = [{"send": send.id, "after": after, "last": last} for after, last in pairwise([_NOBODY, *ends])]
            await self.session.execute(insert(Shard), shards)

    async def claim(self) -> Row[Any] | None:
        """Return a shard that nobody works on, held until the transaction ends; None if there is none.

        Returns:
            `send`, `kind`, `subject`, `actor`, `at`, `after`, `last`.
        """
        columns = (Shard.send, Send.kind, Send.subject, Send.actor, Send.at, Shard.after, Shard.last)
        statement = select(*columns).join(Send, Send.id == Shard.send).where(Shard.left, Send.state == "running")
        free = statement.order_by(Shard.send, Shard.last).limit(1).with_for_update(of=Shard, skip_locked=True)
        return (await self.session.execute(free)).first()

    async def advance(self, shard: Row[Any], after: UUID, sent: int, *, left: bool) -> None:
        """Keep how far a shard that is held has come; the send is done with its last one."""
        this = (Shard.send == shard.send, Shard.last == shard.last)
        values = {"after": after, "sent": Shard.sent + sent, "left": left}
        await self.session.execute(update(Shard).where(*this).values(**values))

    async def finish(self) -> None:
        """Mark as done what has no shard left."""
        left = exists().where(Shard.send == Send.id, Shard.left)
        await self.session.execute(update(Send).where(Send.state == "running", ~left).values(state="done"))
