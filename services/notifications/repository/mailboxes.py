"""Who gets mail, and when."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.core.data.models import utc_now
from services.core.data.repository import Repository
from services.notifications.delivery import Delivery, due_at
from services.notifications.kinds import Kind
from services.notifications.models import Mailbox
from services.notifications.repository import seen


class MailboxRepository(Repository[Mailbox]):
    """Mailboxes, by account."""

    model_type = Mailbox

    async def advance(self, accounts: Collection[UUID]) -> None:
        """Say that what some accounts are told of has changed, in the transaction that changes it."""
        rows = [{"account": account, "seq": 1} for account in sorted(accounts)]
        if rows:
            new = insert(Mailbox)
            further = new.on_conflict_do_update(index_elements=["account"], set_={"seq": Mailbox.seq + 1})
            await self.session.execute(further, rows)

    async def seqs(self, accounts: Collection[UUID]) -> dict[UUID, int]:
        """Return where accounts stand, by one statement; of some it may never have been asked."""
        among: ColumnElement[bool] = Mailbox.account == any_(bindparam("accounts", list(accounts), ARRAY(Uuid())))
        rows = await self.session.execute(select(Mailbox.account, Mailbox.seq).where(among))
        return {row.account: row.seq for row in rows}

    async def ring(self, kind: Kind, accounts: Collection[UUID]) -> None:
        """Let those of some accounts have a mail soon who want to be told of a kind by mail."""
        asked = func.unnest(bindparam("accounts", sorted(accounts), ARRAY(Uuid())))
        account = asked.table_valued(column("account", Uuid())).render_derived("asked").c.account
        kind_asked: Any = bindparam("kind", kind, unique=True)
        chosen = (Mailbox.digest, Mailbox.zone, Mailbox.quiet_from, Mailbox.quiet_to)
        statement = select(account, *chosen).outerjoin(Mailbox, Mailbox.account == account)
        statement = statement.where(func.coalesce(Mailbox.email, True))
        statement = statement.where(seen.wanted("email", account, kind_asked)).order_by(account)
        now = utc_now()
        rows = [
            {"account": row.account, "due_at": due_at(now, Delivery() if row.digest is None else Delivery(*row[1:]))}
            for row in await self.session.execute(statement)
        ]
        if rows:
            new = insert(Mailbox)
            soonest = {"due_at": func.least(Mailbox.due_at, new.excluded.due_at)}
            await self.session.execute(new.on_conflict_do_update(index_elements=["account"], set_=soonest), rows)

    async def claim(self, most: int) -> list[Mailbox]:
        """Take mailboxes whose mail is due: it leaves once, whatever happens to whoever took it.

        Returns:
            They, as they were.
        """
        due = select(Mailbox).where(Mailbox.due_at <= func.now()).order_by(Mailbox.due_at).limit(most)
        rows = (await self.session.scalars(due.with_for_update(skip_locked=True))).all()
        for row in rows:
            self.session.expunge(row)
            await self.session.execute(update(Mailbox).where(Mailbox.account == row.account).values(due_at=None))
        return list(rows)

    async def move(self, account: UUID, told: UUID) -> None:
        """Keep up to which ordinal an account was told by mail."""
        values = {"told": func.greatest(Mailbox.told, told), "tries": 0}
        await self.session.execute(update(Mailbox).where(Mailbox.account == account).values(**values))

    async def put_off(self, account: UUID, wait: timedelta, **values: Any) -> None:
        """Let a mail leave later, with other values of the mailbox."""
        changed = update(Mailbox).where(Mailbox.account == account).values(due_at=utc_now() + wait, **values)
        await self.session.execute(changed)

    async def plan(self, account: UUID, moment: datetime | None) -> None:
        """Let a mail that waits leave at another moment, or not at all."""
        waits = (Mailbox.account == account, Mailbox.due_at.is_not(None))
        await self.session.execute(update(Mailbox).where(*waits).values(due_at=moment))

    async def of(self, account: UUID) -> Mailbox | None:
        """Return what an account has chosen; None if it hasn't."""
        return await self.get_one_or_none(account=account)

    async def put(self, account: UUID, values: Mapping[str, Any]) -> None:
        """Keep what an account chooses."""
        new = insert(Mailbox).values(account=account, **values)
        await self.session.execute(new.on_conflict_do_update(index_elements=["account"], set_=dict(values)))
