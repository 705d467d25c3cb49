"""What others tell that matters for Waves: polls, and who is limited; and idempotency keys."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.compiled import Compiled
from services.core.data.idempotency import IdempotencyKeys
from services.core.data.repository import Repository
from services.expressions.events import AccountLimited
from services.expressions.models import IdempotencyKey, Limit, Poll
from services.expressions.repository.seen import are_apart, follows

LIMITS_LEFT = Compiled(select(exists().where(Limit.left)))
"""Whether others are to be told anew of somebody's Waves."""

_BEFORE = UUID(int=0)


class PollRepository(Repository[Poll]):
    """Polls that Waves may bring along."""

    model_type = Poll

    async def keep(self, values: dict[str, Any]) -> None:
        """Keep what is told of a poll, unless what is known is as new."""
        new = insert(Poll).values(**values)
        changes = {name: new.excluded[name] for name in values if name != "id"}
        newer = Poll.version < new.excluded.version
        await self.session.execute(new.on_conflict_do_update(index_elements=["id"], set_=changes, where=newer))

    async def may_see(self, viewer: UUID, poll: UUID) -> bool | None:
        """Say whether somebody may see a poll; None if it isn't known here."""
        listed = or_(Poll.listing != "followers", Poll.owner == viewer, follows(viewer, Poll.owner))
        shown = and_(~Poll.deleted, listed, ~are_apart(viewer, Poll.owner))
        return (await self.session.execute(select(shown).where(Poll.id == poll))).scalar_one_or_none()

    async def hidden(self, viewer: UUID | None, polls: Collection[UUID]) -> set[UUID]:
        """Return those of some polls that are for followers, and not for the viewer."""
        hidden = and_(Poll.id.in_(polls), Poll.listing == "followers")
        if viewer is not None:
            hidden = and_(hidden, Poll.owner != viewer, ~follows(viewer, Poll.owner))
        return set((await self.session.scalars(select(Poll.id).where(hidden))).all())


class KeyRepository(IdempotencyKeys[IdempotencyKey]):
    """Idempotency keys."""

    model_type = IdempotencyKey
    made = "wave"


class LimitRepository(Repository[Limit]):
    """Whose Waves are seen by themselves alone."""

    model_type = Limit

    async def keep(self, told: AccountLimited) -> None:
        """Keep what an event tells, unless what is known is as new."""
        values = {"limited": told.limited, "version": told.version, "after": _BEFORE, "left": True}
        new = insert(Limit).values(account=told.account, **values)
        newer = Limit.version < new.excluded.version
        await self.session.execute(new.on_conflict_do_update(index_elements=["account"], set_=values, where=newer))

    async def is_limited(self, account: UUID) -> bool:
        """Say whether an account is limited."""
        return await self.exists(Limit.account == account, Limit.limited.is_(True))

    async def among(self, accounts: Collection[UUID]) -> set[UUID]:
        """Return those of some accounts that are limited."""
        limited = select(Limit.account).where(Limit.account.in_(accounts), Limit.limited)
        return set((await self.session.scalars(limited)).all())

    async def claim(self) -> Limit | None:
        """Return whose Waves others are to be told of anew, held until the transaction ends; None if there is none."""
        statement = select(Limit).where(Limit.left).limit(1).with_for_update(skip_locked=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def advance(self, account: UUID, after: UUID, *, left: bool) -> None:
        """Keep how far others were told."""
        await self.update_where(Limit.account == account, values={"after": after, "left": left})
