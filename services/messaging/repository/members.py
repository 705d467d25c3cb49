"""Statements about who is in conversations, and about accounts."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Uuid, and_, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository, one_of, rows_of
from services.messaging.models import Account, Member, Message

CONVERSATIONS = Keyset("conversations", Member.latest)
REQUESTS = Keyset("requests", Member.latest)
READERS = ("active", "requested")
"""States in which one reads a conversation and is told of it."""


class MemberRepository(Repository[Member]):
    """Who is in conversations."""

    model_type = Member

    async def one(self, conversation: UUID, account: UUID) -> Member | None:
        """Return how somebody stands to a conversation."""
        return await self.get_one_or_none(conversation=conversation, account=account)

    async def reader(self, conversation: UUID, account: UUID) -> Member | None:
        """Return somebody who reads a conversation; None if they don't."""
        return await self.get_one_or_none(
            Member.conversation == conversation, Member.account == account, Member.state.in_(READERS)
        )

    async def readers(self, conversation: UUID) -> Sequence[Member]:
        """Return who reads a conversation, the first to join first."""
        statement = select(Member).where(Member.conversation == conversation, Member.state.in_(READERS))
        return (await self.session.scalars(statement.order_by(Member.joined_at, Member.account))).all()

    async def since(self, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
        """Return from where accounts read conversations, by both; without those who don't read them."""
        if not pairs:
            return {}
        conversations, accounts = zip(*pairs, strict=True)
        given = rows_of(("conversation", Uuid(), conversations), ("account", Uuid(), accounts))
        both = and_(Member.conversation == given.c.conversation, Member.account == given.c.account)
        statement = select(Member.conversation, Member.account, Member.since).join(given, both)
        rows = await self.session.execute(statement.where(Member.state.in_(READERS)))
        return {(row.conversation, row.account): row.since for row in rows}

    async def changed(self, spans: Collection[tuple[UUID, int, int]]) -> Sequence[Member]:
        """Return accounts' conversations that changed last between two positions of each account, in their order."""
        accounts, after, upto = zip(*spans, strict=True)
        given = rows_of(("account", Uuid(), accounts), ("after", BigInteger(), after), ("upto", BigInteger(), upto))
        among = (Member.account == given.c.account, Member.seq > given.c.after, Member.seq <= given.c.upto)
        statement = select(Member).join(given, and_(*among)).order_by(Member.account, Member.seq)
        return (await self.session.scalars(statement)).all()

    async def partners(self, account: UUID, others: Collection[UUID]) -> set[UUID]:
        """Return those of some accounts with whom an account converses: neither has left, or waits for the other."""
        mine, theirs = aliased(Member), aliased(Member)
        both = select(theirs.account).join(mine, mine.conversation == theirs.conversation)
        both = both.where(mine.account == account, mine.state == "active")
        both = both.where(theirs.account.in_(others), theirs.state == "active", theirs.account != account)
        return set((await self.session.scalars(both.distinct())).all())

    async def shown(self, conversation: UUID) -> Sequence[Member]:
        """Return who others see in a conversation: its readers, and who has declined, which nobody learns."""
        statement = select(Member).where(Member.conversation == conversation, Member.state != "left")
        return (await self.session.scalars(statement.order_by(Member.joined_at, Member.account))).all()

    async def some(self, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Member]:
        """Return how accounts stand to conversations, by both."""
        if not pairs:
            return {}
        conversations, accounts = zip(*pairs, strict=True)
        given = rows_of(("conversation", Uuid(), conversations), ("account", Uuid(), accounts))
        both = and_(Member.conversation == given.c.conversation, Member.account == given.c.account)
        rows = (await self.session.scalars(select(Member).join(given, both))).all()
        return {(row.conversation, row.account): row for row in rows}

    async def listed(self, page: PageFilter, account: UUID, state: str) -> Page[Member]:
        """Return a page of an account's conversations, the last that was written in first."""
        return await self.page(page, Member.account == account, Member.state == state)

    async def unread(self, account: UUID) -> tuple[int, int]:
        """Return in how many conversations an account has unread messages, and how many."""
        counted = select(func.count(), func.coalesce(func.sum(Member.unread), 0)).where(
            Member.account == account, Member.state == "active", Member.unread > 0
        )
        conversations, messages = (await self.session.execute(counted)).one()
        return conversations, messages

    async def requests(self, account: UUID) -> int:
        """Return how many requests wait for an account."""
        counted = select(func.count()).where(Member.account == account, Member.state == "requested")
        return int((await self.session.execute(counted)).scalar_one())

    async def count_sent(self, conversation: UUID, sender: UUID, latest: UUID) -> None:
        """Count a message as unread for all but its sender, and put the conversation first for all."""
        await self._change_readers(conversation, unread=Member.unread + _one_unless(sender), latest=latest)

    async def count_deleted(self, message: Message) -> None:
        """Count a message no more where it was unread."""
        was_unread = (Member.read < message.seq, Member.since < message.seq, Member.account != message.sender)
        statement = update(Member).where(
            Member.conversation == message.conversation, Member.state.in_(READERS), *was_unread
        )
        await self.session.execute(_plain(statement.values(unread=Member.unread - 1)))

    async def mark(self, conversation: UUID, accounts: Collection[UUID]) -> None:
        """Give members their accounts' positions, which have just grown."""
        statement = update(Member).where(
            Member.conversation == conversation, Member.account.in_(accounts), Account.id == Member.account
        )
        await self.session.execute(_plain(statement.values(seq=Account.seq)))

    async def _change_readers(self, conversation: UUID, **values: Any) -> None:
        statement = update(Member).where(Member.conversation == conversation, Member.state.in_(READERS))
        await self.session.execute(_plain(statement.values(**values)))


class Shown(NamedTuple):
    """To whom an account shows whether it is there.

    Attributes:
        presence: To those whom it converses with; else to nobody.
        circle: Differs when they may be others.
    """

    presence: bool = True
    circle: int = 0


class AccountRepository(Repository[Account]):
    """What is an account's own."""

    model_type = Account

    async def advance(self, accounts: Collection[UUID], charged: UUID | None = None, size: int = 0) -> int:
        """Lock accounts, let the position of each grow by one, and have one's messages take so many bytes more.

        Returns:
            What the messages of the charged one take now; 0 without one.
        """
        rows = [
            {"id": account, "seq": 1, "bytes": max(0, size) if account == charged else 0}
            for account in sorted(accounts)
        ]
        statement = insert(Account).values(rows)
        grown: ColumnElement[int] = Account.bytes + (
            case((Account.id == charged, size), else_=0) if charged is not None else 0
        )
        changes = {"seq": Account.seq + 1, "bytes": func.greatest(0, grown)}
        upsert = statement.on_conflict_do_update(index_elements=["id"], set_=changes)
        found = await self.session.execute(upsert.returning(Account.id, Account.bytes))
        return {row.id: int(row.bytes) for row in found}.get(charged, 0) if charged is not None else 0

    async def seqs(self, accounts: Collection[UUID]) -> dict[UUID, int]:
        """Return the positions of accounts; of those that have any."""
        found = select(Account.id, Account.seq).where(one_of(Account.id, accounts))
        return {row.id: row.seq for row in await self.session.execute(found)}

    async def let_see(self, account: UUID, **shown: bool) -> Account:
        """Let others see some things of an account, or not; return all that it lets them see."""
        new = insert(Account).values(id=account, **shown)
        changes: dict[str, Any] = dict(shown) or {"id": account}
        kept = new.on_conflict_do_update(index_elements=["id"], set_=changes).returning(Account)
        return (await self.session.execute(kept)).scalar_one()

    async def shown(self, accounts: Collection[UUID]) -> dict[UUID, Shown]:
        """Return to whom accounts show whether they are there."""
        found = select(Account.id, Account.presence, Account.circle).where(one_of(Account.id, accounts))
        rows = {row.id: Shown(row.presence, row.circle) for row in await self.session.execute(found)}
        return {account: rows.get(account, Shown()) for account in accounts}

    async def redraw(self, accounts: Collection[UUID]) -> None:
        """Have it asked again who may see whether accounts are there."""
        rows = [{"id": account, "circle": 1} for account in sorted(accounts)]
        new = insert(Account).values(rows)
        await self.session.execute(
            new.on_conflict_do_update(index_elements=["id"], set_={"circle": Account.circle + 1})
        )


def _one_unless(sender: UUID) -> ColumnElement[int]:
    return case((Member.account == sender, 0), else_=1)


def _plain(statement: Any) -> Any:
    """Leave what the session has read as it is; nothing is read again after these."""
    return statement.execution_options(synchronize_session=False)
