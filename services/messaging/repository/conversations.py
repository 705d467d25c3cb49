"""Statements about conversations and what happens in them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository, one_of, rows_of
from services.core.ids import new_id
from services.messaging.models import Change, Conversation, Member


class ConversationRepository(Repository[Conversation]):
    """Conversations."""

    model_type = Conversation

    async def lock(self, conversation: UUID) -> Conversation | None:
        """Return a conversation in which nobody else changes anything until the transaction ends."""
        return await self.get_one_or_none(id=conversation, with_for_update=True)

    async def between(self, one: UUID, other: UUID) -> UUID | None:
        """Return the conversation of two people."""
        low, high = sorted((one, other))
        found = select(Conversation.id).where(Conversation.low == low, Conversation.high == high)
        return (await self.session.execute(found)).scalar_one_or_none()

    async def open_between(self, one: UUID, other: UUID) -> Conversation:
        """Return the conversation of two people, locked; `one` makes it if there is none yet."""
        low, high = sorted((one, other))
        new = insert(Conversation).values(id=new_id(), kind="direct", low=low, high=high, made_by=one)
        once = new.on_conflict_do_nothing(index_elements=["low", "high"], index_where=Conversation.low.isnot(None))
        await self.session.execute(once)
        return await self.get_one(low=low, high=high, with_for_update=True)

    async def of_key(self, account: UUID, key: str) -> Conversation | None:
        """Return the group that an idempotency key has made."""
        return await self.get_one_or_none(made_by=account, request_key=key)

    async def of(self, conversations: Collection[UUID]) -> dict[UUID, Conversation]:
        """Return some conversations."""
        return (
            {row.id: row for row in await self.get_many(one_of(Conversation.id, conversations))}
            if conversations
            else {}
        )

    async def heads(self, conversations: Collection[UUID]) -> dict[UUID, int]:
        """Return where conversations stand."""
        found = select(Conversation.id, Conversation.seq).where(one_of(Conversation.id, conversations))
        return {row.id: row.seq for row in await self.session.execute(found)}

    async def asked(self, account: UUID) -> int:
        """Return to how many people somebody's first message waits to be accepted."""
        counted = select(func.count()).where(Conversation.asked_by == account)
        return int((await self.session.execute(counted)).scalar_one())

    async def owned(self, account: UUID) -> int:
        """Return how many groups somebody owns."""
        counted = select(func.count()).where(Member.account == account, Member.role == "owner")
        return int((await self.session.execute(counted)).scalar_one())


class ChangeRepository(Repository[Change]):
    """What has happened in conversations."""

    model_type = Change

    async def between(self, spans: Collection[tuple[UUID, int, int]]) -> Sequence[Change]:
        """Return what has happened in conversations, of each after a position and up to another one, in its order."""
        conversations, after, upto = zip(*spans, strict=True)
        given = rows_of(
            ("conversation", Uuid(), conversations), ("after", BigInteger(), after), ("upto", BigInteger(), upto)
        )
        among = (Change.conversation == given.c.conversation, Change.seq > given.c.after, Change.seq <= given.c.upto)
        statement = select(Change).join(given, and_(*among)).order_by(Change.conversation, Change.seq)
        return (await self.session.scalars(statement)).all()

    async def trim(self, conversation: UUID, until: int) -> None:
        """Forget what nobody catches up with any more."""
        await self.session.execute(delete(Change).where(Change.conversation == conversation, Change.seq <= until))
