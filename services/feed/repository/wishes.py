"""What somebody wants to see less of, or not at all."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text

from services.core.data.pagination import Keyset
from services.core.data.repository import Repository
from services.core.ids import new_id
from services.feed.models import Hidden, Less

HIDDEN = Keyset("hidden", Hidden.ordinal)
LESS = Keyset("less", Less.ordinal)

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('votewave wishes ' || :account, 0))")


class HiddenRepository(Repository[Hidden]):
    """What somebody has hidden."""

    model_type = Hidden


class LessRepository(Repository[Less]):
    """Of whom somebody wants to see less."""

    model_type = Less


class WishRepository(Repository[Hidden]):
    """Both of them."""

    model_type = Hidden

    async def add_one(self, account: UUID, column: Any, value: UUID, most: int) -> bool:
        """Add a wish, unless it is there; say whether there is room for it.

        Args:
            account: Whose it is; two of one account at once come one after the other, so that they are counted.
            column: `Hidden.thing` or `Less.other`.
            value: What or whom it is about.
            most: How many an account may have.
        """
        table = column.class_
        await self.session.execute(_ONE_AT_A_TIME, {"account": str(account)})
        held = select(func.count(), func.count().filter(column == value)).where(table.account == account)
        number, known = (await self.session.execute(held)).one()
        if not known and number < most:
            self.session.add(table(account=account, ordinal=new_id(), **{column.key: value}))
        return bool(known) or number < most

    async def forget(self, account: UUID) -> None:
        """Drop what an account has wished, and what others have wished about it."""
        await self.session.execute(delete(Hidden).where(Hidden.account == account))
        await self.session.execute(delete(Less).where(or_(Less.account == account, Less.other == account)))
