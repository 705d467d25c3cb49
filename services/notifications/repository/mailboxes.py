"""Who gets mail, and when."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.data.compiled import Compiled
from services.core.data.models import Timestamp, utc_now
from services.core.data.repository import Repository, one_of, rows_of
from services.notifications.delivery import Delivery, due_at
from services.notifications.kinds import Kind
from services.notifications.models import Mailbox
from services.notifications.repository import seen

MAIL_DUE = Compiled(select(func.min(Mailbox.due_at) <= func.now()))
"""Whether somebody's mail is due."""


class MailboxRepository(Repository[Mailbox]):
    """Mailboxes, by account."""

    model_type = Mailbox

    async def advance(self, accounts: Collection[UUID]) -> None:
        """Say that what some accounts are told of has changed, in the transaction that changes it."""
        if accounts:
            given = rows_of(("account", Uuid(), sorted(accounts)))
            new = insert(Mailbox).from_select(["account", "seq"], select(given.c.account, literal(1)))
            further = new.on_conflict_do_update(index_elements=["account"], set_={"seq": Mailbox.seq + 1})
            await self.session.execute(further)

    async def tell(self, kind: Kind, accounts: Collection[UUID]) -> None:
        """Say that some accounts are told of something new, and let those have a mail soon who want one of the kind.

        Each mailbox is written once.
        """
        if not accounts:
            return
        due = await self._due(kind, accounts)
        told = sorted(accounts)
        given = rows_of(("account", Uuid(), told), ("due_at", Timestamp, [due.get(account) for account in told]))
        new = insert(Mailbox).from_select(
            ["account", "seq", "due_at"], select(given.c.account, literal(1), given.c.due_at)
        )
        # The least of what isn't null.
        changes = {"seq": Mailbox.seq + 1, "due_at": func.least(Mailbox.due_at, new.excluded.due_at)}
        await self.session.execute(new.on_conflict_do_update(index_elements=["account"], set_=changes))

    async def seqs(self, accounts: Collection[UUID]) -> dict[UUID, int]:
        """Return where accounts stand, by one statement; of some it may never have been asked."""
        rows = await self.session.execute(select(Mailbox.account, Mailbox.seq).where(one_of(Mailbox.account, accounts)))
        return {row.account: row.seq for row in rows}

    async def ring(self, kind: Kind, accounts: Collection[UUID]) -> None:
        """Let those of some accounts have a mail soon who want to be told of a kind by mail."""
        due = await self._due(kind, accounts)
        if due:
            given = rows_of(("account", Uuid(), due), ("due_at", Timestamp, due.values()))
            new = insert(Mailbox).from_select(["account", "due_at"], select(given.c.account, given.c.due_at))
            soonest = {"due_at": func.least(Mailbox.due_at, new.excluded.due_at)}
            await self.session.execute(new.on_conflict_do_update(index_elements=["account"], set_=soonest))

    async def _due(self, kind: Kind, accounts: Collection[UUID]) -> dict[UUID, datetime]:
        """Return when those of some accounts get a mail who want to be told of a kind by mail, in one order."""
        account = rows_of(("account", Uuid(), sorted(accounts))).c.account
        kind_asked: Any = bindparam("kind", kind, unique=True)
        chosen = (Mailbox.digest, Mailbox.zone, Mailbox.quiet_from, Mailbox.quiet_to)
        statement = select(account, *chosen).outerjoin(Mailbox, Mailbox.account == account)
        statement = statement.where(func.coalesce(Mailbox.email, True))
        statement = statement.where(seen.wanted("email", account, kind_asked)).order_by(account)
        now = utc_now()
        moments: dict[Any, datetime] = {}  # thousands have chosen the same
        due: dict[UUID, datetime] = {}
        for one, *choice in await self.session.execute(statement):
            key: Any = tuple(choice)
            if key not in moments:
                moments[key] = due_at(now, Delivery() if key[0] is None else Delivery(*key))
            due[one] = moments[key]
        return due

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
