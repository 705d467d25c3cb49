"""Every SQL statement of Expressions. Who sees a Wave is part of the statement, so no page is shortened afterwards.

Locks are taken in one order: the account that acts, then its own Wave, then the one that this shares on.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.core import circles
from services.core.data.idempotency import IdempotencyKeys
from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.images.exporting import image_part
from services.core.images.shapes import PICTURE
from services.core.images.tables import State
from services.core.personal import Part
from services.expressions.events import AccountLimited
from services.expressions.models import (
    Account,
    Block,
    Follow,
    IdempotencyKey,
    Image,
    Leftover,
    Limit,
    Mention,
    Mute,
    Person,
    Poll,
    Reaction,
    Revision,
    Wave,
)

_BEFORE = UUID(int=0)

WAVES = Keyset("waves", Wave.id)
RIPPLES = Keyset("ripples", Wave.id)
REACTIONS = Keyset("reactions", Reaction.ordinal)


def _apart(viewer: UUID, account: Any) -> ColumnElement[bool]:
    return circles.apart(Block, viewer, account)


def _mutes(viewer: UUID, account: Any) -> ColumnElement[bool]:
    return circles.mutes(Mute, viewer, account)


def _gone(account: Any) -> ColumnElement[bool]:
    return exists().where(Person.id == account, Person.deleted)


def _limited(account: Any) -> ColumnElement[bool]:
    return exists().where(Limit.account == account, Limit.limited)


def _follows(viewer: UUID, account: Any) -> ColumnElement[bool]:
    return circles.follows(Follow, viewer, account)


def for_all(wave: Any) -> ColumnElement[bool]:
    """Say whether a Wave is for everybody."""
    return and_(wave.visibility == "public", ~exists().where(Person.id == wave.author, Person.private))


def _seen(viewer: UUID | None, wave: Any) -> ColumnElement[bool]:
    """Say whether somebody may see what a Wave itself says; None stands for anybody without an account."""
    if viewer is None:
        return and_(for_all(wave), not_(_gone(wave.author)), not_(_limited(wave.author)))
    named = exists().where(Mention.wave == wave.id, Mention.account == viewer)
    follower = and_(wave.visibility != "mentioned", _follows(viewer, wave.author))
    others = and_(
        or_(for_all(wave), follower, named),
        not_(_apart(viewer, wave.author)),
        not_(_gone(wave.author)),
        not_(_limited(wave.author)),
    )
    return or_(wave.author == viewer, others)


def _shown(viewer: UUID | None) -> ColumnElement[bool]:
    """Say whether somebody may see a Wave: of a bare Ripple, also what it shares on."""
    original = aliased(Wave)
    shares = exists().where(original.id == Wave.ripple_of, _seen(viewer, original))
    return and_(_seen(viewer, Wave), or_(~Wave.bare, shares))


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


class WaveRepository(Repository[Wave]):
    """Waves."""

    model_type = Wave

    async def seen(self, viewer: UUID | None, wave: UUID) -> Wave | None:
        """Return a Wave that somebody may see."""
        return await self.get_one_or_none(Wave.id == wave, _shown(viewer))

    async def some(self, viewer: UUID | None, waves: Collection[UUID]) -> dict[UUID, Wave]:
        """Return those of some Waves that somebody may see."""
        if not waves:
            return {}
        return {row.id: row for row in await self.get_many(Wave.id.in_(waves), _shown(viewer))}

    async def hold(self, viewer: UUID, wave: UUID) -> Wave | None:
        """Return a Wave that somebody may see, and hold it against others' changes until the transaction ends.

        Of a bare Ripple it is what that shares on: there is nothing else to do anything with.
        """
        found = await self.seen(viewer, wave)
        if found is None:
            return None
        target = found.ripple_of if found.bare else found.id
        return await self._locked(Wave.id == target, _seen(viewer, Wave))

    async def own(self, author: UUID, wave: UUID) -> Wave | None:
        """Return a Wave of somebody's own, and hold it."""
        return await self._locked(Wave.id == wave, Wave.author == author)

    async def any(self, wave: UUID) -> Wave | None:
        """Return a Wave, whoever may see it, and hold it."""
        return await self._locked(Wave.id == wave)

    async def bare(self, author: UUID, original: UUID) -> Wave | None:
        """Return an account's Ripple of a Wave without words, and hold it."""
        return await self._locked(and_(Wave.author == author, Wave.ripple_of == original, Wave.bare))

    async def is_for_all(self, wave: UUID) -> bool:
        """Say whether a Wave is for everybody."""
        return bool((await self.session.execute(select(for_all(Wave)).where(Wave.id == wave))).scalar_one())

    async def some_by(self, author: UUID, most: int) -> Sequence[tuple[UUID, UUID | None]]:
        """Return some Waves of an account, and what they share on."""
        some = select(Wave.id, Wave.ripple_of).where(Wave.author == author).order_by(Wave.id).limit(most)
        return [(row[0], row[1]) for row in await self.session.execute(some)]

    async def after(self, author: UUID, wave: UUID, most: int) -> Sequence[UUID]:
        """Return so many Waves of an author after one, in the order of their ids."""
        statement = select(Wave.id).where(Wave.author == author, Wave.id > wave).order_by(Wave.id).limit(most)
        return (await self.session.scalars(statement)).all()

    async def change(self, wave: UUID, **values: Any) -> Wave:
        """Change a Wave.

        Raises:
            NotFoundError: There is none.
        """
        changed = await self.update_where(Wave.id == wave, values=values)
        return self.check_not_found(next(iter(changed), None))

    async def rippled(self, wave: UUID, by: int) -> None:
        """Count Ripples of a Wave, if it is still there."""
        await self.update_where(Wave.id == wave, values={"ripples": Wave.ripples + by})

    async def remove(self, wave: UUID) -> None:
        """Delete a Wave with its earlier versions and whom it names; its reactions are left for later."""
        await self.session.execute(delete(Revision).where(Revision.wave == wave))
        await self.session.execute(delete(Mention).where(Mention.wave == wave))
        await self.session.execute(delete(Wave).where(Wave.id == wave))
        await self.session.execute(insert(Leftover).values(wave=wave).on_conflict_do_nothing())

    async def by(self, page: PageFilter, viewer: UUID | None, author: UUID) -> Page[Wave]:
        """Return a page of somebody's Waves that the viewer may see; of others' they have shared on, none muted."""
        original = aliased(Wave)
        wanted = []
        if viewer is not None and viewer != author:
            muted = exists().where(original.id == Wave.ripple_of, _mutes(viewer, original.author))
            wanted = [~and_(Wave.bare, muted)]
        return await self.page(page, Wave.author == author, _shown(viewer), *wanted)

    async def ripples(self, page: PageFilter, viewer: UUID | None, original: UUID) -> Page[Wave]:
        """Return a page of what shares a Wave on, without those whom the viewer mutes."""
        wanted = [] if viewer is None else [~_mutes(viewer, Wave.author)]
        return await self.page(page, Wave.ripple_of == original, _shown(viewer), *wanted)

    async def _locked(self, *where: ColumnElement[bool]) -> Wave | None:
        statement = select(Wave).where(*where).with_for_update(of=Wave)
        fresh = {"populate_existing": True}
        return (await self.session.execute(statement, execution_options=fresh)).scalar_one_or_none()


class ImageRepository(Repository[Image]):
    """Images that users have uploaded."""

    model_type = Image

    async def shown(self, account: UUID) -> int:
        """Return how many images an account's Waves show."""
        count = select(func.count()).where(Image.account == account, Image.state == State.USED)
        return (await self.session.execute(count)).scalar_one()


class RevisionRepository(Repository[Revision]):
    """Earlier versions of Waves."""

    model_type = Revision

    async def of(self, wave: UUID) -> Sequence[Revision]:
        """Return the earlier versions of a Wave, the latest first."""
        statement = select(Revision).where(Revision.wave == wave).order_by(Revision.number.desc())
        return (await self.session.scalars(statement)).all()

    async def naming(self, account: UUID) -> Sequence[Revision]:
        """Return the earlier versions of Waves that mention an account."""
        mention = [["mention", str(account)]]
        return (await self.session.scalars(select(Revision).where(Revision.pieces.contains(mention)))).all()

    async def change(self, revision: Revision, **values: Any) -> None:
        """Change an earlier version."""
        same = (Revision.wave == revision.wave, Revision.number == revision.number)
        await self.update_where(*same, values=values)


class MentionRepository(Repository[Mention]):
    """Whom Waves name."""

    model_type = Mention

    async def replace(self, wave: UUID, accounts: Collection[UUID]) -> None:
        """Keep whom a Wave names now."""
        await self.session.execute(delete(Mention).where(Mention.wave == wave))
        if accounts:
            await self.session.execute(insert(Mention).values([{"wave": wave, "account": one} for one in accounts]))

    async def of(self, wave: UUID) -> list[UUID]:
        """Return whom a Wave names."""
        statement = select(Mention.account).where(Mention.wave == wave).order_by(Mention.account)
        return list((await self.session.scalars(statement)).all())

    async def some_with(self, account: UUID, most: int) -> Sequence[UUID]:
        """Return some Waves that name an account."""
        return (await self.session.scalars(select(Mention.wave).where(Mention.account == account).limit(most))).all()

    async def drop(self, wave: UUID, account: UUID) -> None:
        """Have a Wave name an account no longer."""
        await self.delete_where(Mention.wave == wave, Mention.account == account)

    async def called(self, author: UUID, handles: Collection[str]) -> dict[str, UUID]:
        """Return accounts by handle in lower case, without those with whom the author is apart."""
        if not handles:
            return {}
        handle = func.lower(Person.handle)
        statement = select(handle, Person.id).where(handle.in_(handles), ~Person.deleted, ~_apart(author, Person.id))
        return {row[0]: row[1] for row in await self.session.execute(statement.order_by(Person.changed_at))}


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
        wanted = [~_gone(Reaction.account)]
        if viewer is not None:
            wanted += [~_apart(viewer, Reaction.account), ~_mutes(viewer, Reaction.account)]
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
        some: Select[Any] = select(Reaction.ordinal).where(Reaction.wave == wave).limit(most)
        removed = delete(Reaction).where(Reaction.wave == wave, Reaction.ordinal.in_(some)).returning(Reaction.account)
        numbers: dict[UUID, int] = {}
        for account in (await self.session.scalars(removed)).all():
            numbers[account] = numbers.get(account, 0) + 1
        if not numbers:
            await self.session.execute(delete(Leftover).where(Leftover.wave == wave))
        return numbers


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
        listed = or_(Poll.listing != "followers", Poll.owner == viewer, _follows(viewer, Poll.owner))
        shown = and_(~Poll.deleted, listed, ~_apart(viewer, Poll.owner))
        return (await self.session.execute(select(shown).where(Poll.id == poll))).scalar_one_or_none()

    async def hidden(self, viewer: UUID | None, polls: Collection[UUID]) -> set[UUID]:
        """Return those of some polls that are for followers, and not for the viewer."""
        hidden = and_(Poll.id.in_(polls), Poll.listing == "followers")
        if viewer is not None:
            hidden = and_(hidden, Poll.owner != viewer, ~_follows(viewer, Poll.owner))
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

    async def claim(self) -> Limit | None:
        """Return whose Waves others are to be told of anew, held until the transaction ends; None if there is none."""
        statement = select(Limit).where(Limit.left).limit(1).with_for_update(skip_locked=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def advance(self, account: UUID, after: UUID, *, left: bool) -> None:
        """Keep how far others were told."""
        await self.update_where(Limit.account == account, values={"after": after, "left": left})


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    waves = select(
        Wave.id, Wave.text, Wave.images, Wave.visibility, Wave.poll, Wave.ripple_of, Wave.created_at, Wave.edited_at
    ).where(Wave.author == account)
    reactions = select(Reaction.wave, Reaction.kind, Reaction.emoji, Reaction.at).where(Reaction.account == account)
    return [
        Part("waves", waves, Wave.id),
        Part("reactions", reactions, Reaction.ordinal),
        image_part(Image, account, literal(PICTURE.largest)),
    ]
