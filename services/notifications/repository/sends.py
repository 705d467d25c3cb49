"""What many are told of, shard by shard."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, any_, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.core.data.compiled import Compiled
from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.notifications.kinds import Kind
from services.notifications.models import Send, Shard

SENDS = Keyset("sends", Send.id)

_NOBODY = UUID(int=0)

SHARDS_LEFT = Compiled(select(exists().where(Shard.left, Shard.send == Send.id, Send.state == "running")))
"""Whether a shard is left of a send that is running; somebody may be working on it."""


class SendRepository(Repository[Send]):
    """Jobs that tell many people of one thing."""

    model_type = Send

    async def begin(
        self, kind: str, subject: UUID, actor: UUID, at: datetime, ends: Sequence[UUID], people: int
    ) -> None:
        """Add a send, unless there was one of this kind and subject.

        Args:
            kind: What is told.
            subject: Of what.
            actor: Who did it.
            at: When.
            ends: The last account of each shard, in their order.
            people: How many it is for.
        """
        if not ends:
            return
        told = {"kind": kind, "subject": subject, "actor": actor, "at": at}
        send = await self.add_or_ignore({**told, "people": people, "state": "running"})
        if send is not None:
            shards = [{"send": send.id, "after": after, "last": last} for after, last in pairwise([_NOBODY, *ends])]
            await self.session.execute(insert(Shard), shards)

    async def end(self, kind: str, subject: UUID) -> None:
        """Remove a send, however far it has come, so that it can be begun anew."""
        await self.session.execute(delete(Send).where(Send.kind == kind, Send.subject == subject))

    async def claim(
        self, kinds: Collection[Kind], *, as_it_was: Row[*tuple[Any, ...]] | None = None
    ) -> Row[*tuple[Any, ...]] | None:
        """Return a shard that nobody works on, held until the transaction ends; None if there is none.

        Args:
            kinds: Of which of these sends.
            as_it_was: This shard alone, if it hasn't come further since.

        Returns:
            `send`, `kind`, `subject`, `actor`, `at`, `after`, `last`.
        """
        columns = (Shard.send, Send.kind, Send.subject, Send.actor, Send.at, Shard.after, Shard.last)
        statement = select(*columns).join(Send, Send.id == Shard.send).where(Shard.left, Send.state == "running")
        statement = statement.where(Send.kind.in_(kinds))
        if (this := as_it_was) is not None:
            same = (Shard.send == this.send, Shard.last == this.last, Shard.after == this.after)
            statement = statement.where(*same)
        free = statement.order_by(Shard.send, Shard.last).limit(1).with_for_update(of=Shard, skip_locked=True)
        return (await self.session.execute(free)).first()

    async def advance(self, shard: Row[*tuple[Any, ...]], after: UUID, sent: int, *, left: bool) -> None:
        """Keep how far a shard that is held has come; the send is done with its last one."""
        this = (Shard.send == shard.send, Shard.last == shard.last)
        values = {"after": after, "sent": Shard.sent + sent, "left": left}
        await self.session.execute(update(Shard).where(*this).values(**values))

    async def listed(self, page: PageFilter) -> Page[Send]:
        """Return a page of sends, the latest first."""
        return await self.page(page)

    async def told(self, sends: Collection[UUID]) -> dict[UUID, int]:
        """Return how many were told by each of some sends, with one statement."""
        among: ColumnElement[bool] = Shard.send == any_(bindparam("sends", list(sends), ARRAY(Uuid())))
        statement = select(Shard.send, func.sum(Shard.sent).label("told")).where(among).group_by(Shard.send)
        return {row.send: row.told for row in await self.session.execute(statement)}

    async def pause(self, send: UUID, *, paused: bool) -> bool:
        """Pause a send or let it go on, unless it is done; say whether there is one."""
        before, after = ("running", "paused") if paused else ("paused", "running")
        await self.update_where(Send.id == send, Send.state == before, values={"state": after})
        return await self.exists(Send.id == send)

    async def forget(self, before: datetime, most: int) -> int:
        """Remove so many sends that were done before a moment; return how many."""
        old = select(Send.id).where(Send.at < before, Send.state == "done").limit(most)
        removed = delete(Send).where(Send.id.in_(old.with_for_update(skip_locked=True)))
        return len((await self.session.scalars(removed.returning(Send.id))).all())

    async def finish(self) -> None:
        """Mark as done what has no shard left."""
        left = exists().where(Shard.send == Send.id, Shard.left)
        await self.session.execute(update(Send).where(Send.state == "running", ~left).values(state="done"))
