"""Reactions, and what accounts have stored."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, delete, literal, select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.expressions.models import Account, Leftover, Reaction, Wave
from services.expressions.repository.seen import are_apart, is_gone, mutes

REACTIONS = Keyset("reactions", Reaction.ordinal)


class AccountRepository(Repository[Account]):
    """What accounts have stored."""

    model_type = Account

    async def charge(self, account: UUID, *, size: int = 0, reactions: int = 0) -> Account:
        """Lock an account's row, and add to what it has stored; return what that is now."""
        new = insert(Account).values(id=account, bytes=max(0, size), reactions=max(0, reactions))
        changes = {"bytes": Account.bytes + size, "reactions": Account.reactions + reactions}
        statement = new.on_conflict_do_update(index_elements=["id"], set_=changes).returning(Account)
        found = await self.session.execute(statement, execution_options={"populate_existing": True})
        return found.scalar_one()

    async def charge_all(self, sizes: Mapping[UUID, int], reactions: Mapping[UUID, int]) -> None:
        """Lock accounts' rows, in one order, and add to what they have stored."""
        new = insert(cast(Table, Account.__table__))
        changes = {name: getattr(Account, name) + new.excluded[name] for name in ("bytes", "reactions")}
        accounts = sorted(sizes.keys() | reactions.keys())
        if accounts:
            rows = [{"id": one, "bytes": sizes.get(one, 0), "reactions": reactions.get(one, 0)} for one in accounts]
            await self.session.execute(new.on_conflict_do_update(index_elements=["id"], set_=changes), rows)

    async def forget_reactions(self, numbers: dict[UUID, int]) -> None:
        """Take reactions off the accounts that had given them, in one order, so that two don't wait for each other."""
        for account in sorted(numbers):
            await self.charge(account, reactions=-numbers[account])


class ReactionRepository(Repository[Reaction]):
    """Reactions to Waves."""

    model_type = Reaction

    async def of(self, wave: UUID, account: UUID, kind: str) -> Reaction | None:
        """Return somebody's reaction of a kind."""
        return await self.get_one_or_none(wave=wave, account=account, kind=kind)

    async def some_by(self, account: UUID, most: int) -> Sequence[tuple[UUID, str]]:
        """Return some Waves that somebody reacts to, and in which kind; in one order, as Waves are locked."""
        some = select(Reaction.wave, Reaction.kind).where(Reaction.account == account).order_by(Reaction.ordinal)
        return sorted((row[0], row[1]) for row in await self.session.execute(some.limit(most)))

    async def put(self, wave: UUID, account: UUID, kind: str, emoji: str | None) -> None:
        """Add a reaction, or give it another emoji."""
        new = insert(Reaction).values(wave=wave, account=account, kind=kind, emoji=emoji)
        keys = ["wave", "account", "kind"]
        await self.session.execute(new.on_conflict_do_update(index_elements=keys, set_={"emoji": emoji}))

    async def take_back(self, wave: UUID, account: UUID, kind: str) -> None:
        """Remove a reaction."""
        await self.delete_where(Reaction.wave == wave, Reaction.account == account, Reaction.kind == kind)

    async def mine(self, account: UUID, waves: Collection[UUID]) -> Sequence[Any]:
        """Return what somebody did with some Waves, in one statement: rows of wave, kind, emoji, ripple."""
        nothing = literal(None)
        given = select(Reaction.wave, Reaction.kind, Reaction.emoji, nothing.cast(Wave.id.type).label("ripple"))
        shared = select(Wave.ripple_of, literal("ripple"), nothing.cast(Reaction.emoji.type), Wave.id)
        both = given.where(Reaction.account == account, Reaction.wave.in_(waves)).union_all(
            shared.where(Wave.author == account, Wave.ripple_of.in_(waves), Wave.bare)
        )
        return (await self.session.execute(both)).all()

    async def listed(self, page: PageFilter, viewer: UUID | None, wave: UUID) -> Page[Reaction]:
        """Return a page of the reactions to a Wave, without people whom the viewer doesn't see."""
        wanted = [~is_gone(Reaction.account)]
        if viewer is not None:
            wanted += [~are_apart(viewer, Reaction.account), ~mutes(viewer, Reaction.account)]
        return await self.page(page, Reaction.wave == wave, *wanted)

    async def clear(self, most: int) -> dict[UUID, int] | None:
        """Remove some reactions of a Wave that was deleted; None if there is no such Wave any more.

        Returns:
            How many each account had given.
        """
        first = select(Leftover.wave).limit(1).with_for_update(skip_locked=True)
        wave = (await self.session.execute(first)).scalar_one_or_none()
        if wave is None:
            return None
        some: Select[*tuple[Any, ...]] = select(Reaction.ordinal).where(Reaction.wave == wave).limit(most)
        removed = delete(Reaction).where(Reaction.wave == wave, Reaction.ordinal.in_(some)).returning(Reaction.account)
        numbers: dict[UUID, int] = {}
        for account in (await self.session.scalars(removed)).all():
            numbers[account] = numbers.get(account, 0) + 1
        if not numbers:
            await self.session.execute(delete(Leftover).where(Leftover.wave == wave))
        return numbers
