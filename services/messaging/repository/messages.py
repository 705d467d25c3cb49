"""Statements about messages."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, cast, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, insert

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository, one_of
from services.messaging.models import Member, Message, Reaction, Revision
from services.messaging.repository.members import READERS

MESSAGES = Keyset("messages", Message.seq)
FOUND = Keyset("found-messages", Message.id)


def _readable(account: UUID) -> ColumnElement[bool]:
    """Say whether somebody reads a message: they are in its conversation, and were when it was sent."""
    return exists().where(
        Member.conversation == Message.conversation,
        Member.account == account,
        Member.state.in_(READERS),
        Member.since < Message.seq,
    )


class MessageRepository(Repository[Message]):
    """Messages."""

    model_type = Message

    async def insert(self, values: Mapping[str, Any]) -> Message:
        """Add a message; return it."""
        statement = insert(Message).values(**values).returning(Message)
        return (await self.session.execute(statement)).scalar_one()

    async def conversation_of(self, message: UUID) -> UUID | None:
        """Return where a message is; its row isn't read, since it may change until that is locked."""
        found = select(Message.conversation).where(Message.id == message)
        return (await self.session.execute(found)).scalar_one_or_none()

    async def called(self, conversation: UUID, sender: UUID, client_id: str) -> Message | None:
        """Return what somebody has sent under a name of theirs."""
        return await self.get_one_or_none(conversation=conversation, sender=sender, client_id=client_id)

    async def read(self, account: UUID, message: UUID) -> Message | None:
        """Return a message that somebody may read."""
        return await self.get_one_or_none(Message.id == message, _readable(account))

    async def hold(self, account: UUID, message: UUID) -> Message | None:
        """Return a message that somebody may read, and that isn't deleted until the transaction ends."""
        statement = select(Message).where(Message.id == message, _readable(account)).with_for_update(read=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def some(self, messages: Collection[UUID], after: int = 0) -> dict[UUID, Message]:
        """Return those of some messages that stand after a position."""
        if not messages:
            return {}
        return {row.id: row for row in await self.get_many(one_of(Message.id, messages), Message.seq > after)}

    async def lasts(
        self, accounts: Collection[UUID], messages: Collection[UUID]
    ) -> list[tuple[Message, frozenset[UUID]]]:
        """Return those of some messages that any of some accounts may read, with those of them who may."""
        if not messages:
            return []
        readers = func.array_agg(Member.account, type_=ARRAY(Uuid())).label("readers")
        statement = select(Message, readers).join(Member, Member.conversation == Message.conversation)
        statement = statement.where(
            one_of(Message.id, messages),
            one_of(Member.account, accounts),
            Member.state.in_(READERS),
            Member.since < Message.seq,
        )
        rows = await self.session.execute(statement.group_by(Message.id))
        return [(row.Message, frozenset(row.readers)) for row in rows]

    async def listed(self, page: PageFilter, conversation: UUID, after: int) -> Page[Message]:
        """Return a page of a conversation's messages after a position."""
        return await self.page(page, Message.conversation == conversation, Message.seq > after)

    async def unread_between(self, member: Member, until: int) -> int:
        """Return how many messages somebody hasn't read yet, up to a position."""
        counted = select(func.count()).where(
            Message.conversation == member.conversation,
            Message.seq > member.read,
            Message.seq <= until,
            Message.sender != member.account,
            ~Message.deleted,
        )
        return int((await self.session.execute(counted)).scalar_one())

    async def search(self, page: PageFilter, account: UUID, words: str, conversation: UUID | None) -> Page[Message]:
        """Return a page of the messages that somebody may read and that have all these words, the newest first.

        The index finds words and conversations together, so what others write costs nothing.
        """
        mine = select(
            cast(func.string_agg("c" + func.replace(cast(Member.conversation, Text), "-", ""), "|"), TSQUERY)
        ).where(Member.account == account, Member.state.in_(READERS))
        if conversation is not None:
            mine = mine.where(Member.conversation == conversation)
        wanted = func.websearch_to_tsquery("simple", literal(words)).op("&&")(mine.scalar_subquery())
        found = select(Message.id).where(Message.searched.op("@@")(wanted), _readable(account))
        ids = found.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        return await self.page(page, Message.id.in_(select(ids.c.id)))

    async def forget_content(self, message: UUID) -> int:
        """Forget what a message said before and who reacted; return how many bytes that gives back."""
        revisions = await self.session.scalars(
            delete(Revision).where(Revision.message == message).returning(Revision.text)
        )
        freed = sum(size_of(text) for text in revisions)
        await self.session.execute(delete(Reaction).where(Reaction.message == message))
        return freed

    async def history(self, message: UUID) -> Sequence[Revision]:
        """Return what a message said before, the earliest first."""
        statement = select(Revision).where(Revision.message == message).order_by(Revision.number)
        return (await self.session.scalars(statement)).all()


class ReactionRepository(Repository[Reaction]):
    """Reactions to messages."""

    model_type = Reaction

    async def put(self, message: UUID, account: UUID, emoji: str) -> bool:
        """React in place of what was there; say whether that is something else."""
        new = insert(Reaction).values(message=message, account=account, emoji=emoji)
        changed = new.on_conflict_do_update(
            index_elements=["message", "account"],
            set_={"emoji": emoji, "at": func.now()},
            where=Reaction.emoji != emoji,
        )
        return (await self.session.execute(changed.returning(Reaction.account))).first() is not None

    async def remove(self, message: UUID, account: UUID) -> bool:
        """Take a reaction back; say whether there was one."""
        statement = delete(Reaction).where(Reaction.message == message, Reaction.account == account)
        return (await self.session.execute(statement.returning(Reaction.account))).first() is not None

    async def of(self, messages: Collection[UUID]) -> dict[UUID, dict[str, list[UUID]]]:
        """Return who reacts with what, by message and emoji, the first first."""
        found: dict[UUID, dict[str, list[UUID]]] = {}
        if not messages:
            return found
        statement = select(Reaction.message, Reaction.emoji, Reaction.account).where(one_of(Reaction.message, messages))
        for message, emoji, account in await self.session.execute(statement.order_by(Reaction.at, Reaction.account)):
            found.setdefault(message, {}).setdefault(emoji, []).append(account)
        return found


_ROW_BYTES = 500
"""What a message or an earlier version takes beside its text, about."""


def size_of(text: str) -> int:
    """Return about how many bytes a text takes: it stands there, and in the index by its words."""
    return _ROW_BYTES + 3 * len(text.encode())
