"""Waves, their earlier versions, whom they name, and the orders of lists."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.images.tables import State
from services.expressions.models import Case, Image, Leftover, Mention, Person, Report, Revision, Wave
from services.expressions.repository.seen import are_apart, for_all, may_find, may_see, mutes

WAVES = Keyset("waves", Wave.id)
RIPPLES = Keyset("ripples", Wave.id)


class WaveRepository(Repository[Wave]):
    """Waves."""

    model_type = Wave

    async def seen(self, viewer: UUID | None, wave: UUID, *, moderates: bool = False) -> Wave | None:
        """Return a Wave that somebody may see, perhaps as a moderator."""
        return await self.get_one_or_none(Wave.id == wave, may_find(viewer, moderates=moderates))

    async def some(self, viewer: UUID | None, waves: Collection[UUID], *, moderates: bool = False) -> dict[UUID, Wave]:
        """Return those of some Waves that somebody may see, perhaps as a moderator."""
        if not waves:
            return {}
        rows = await self.get_many(Wave.id.in_(waves), may_find(viewer, moderates=moderates))
        return {row.id: row for row in rows}

    async def author_of(self, wave: UUID) -> UUID | None:
        """Return whose a Wave is, which never changes; None if there is no such Wave."""
        return (await self.session.execute(select(Wave.author).where(Wave.id == wave))).scalar_one_or_none()

    async def hold_to_report(self, viewer: UUID, wave: UUID, *, moderates: bool) -> Wave | None:
        """Return a Wave that somebody may see and that says something itself, and hold it."""
        return await self._locked(Wave.id == wave, ~Wave.bare, may_see(viewer, Wave, moderates=moderates))

    async def hold(self, viewer: UUID, wave: UUID) -> Wave | None:
        """Return a Wave that somebody may see, and hold it against others' changes until the transaction ends.

        Of a bare Ripple it is what that shares on: there is nothing else to do anything with.
        """
        found = await self.seen(viewer, wave)
        if found is None:
            return None
        target = found.ripple_of if found.bare else found.id
        return await self._locked(Wave.id == target, may_see(viewer, Wave))

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
        """Return some Waves of an account, and what they share on, if they are counted there."""
        counted = case((Wave.hidden_as.is_(None), Wave.ripple_of))
        some = select(Wave.id, counted).where(Wave.author == author).order_by(Wave.id).limit(most)
        return [(row[0], row[1]) for row in await self.session.execute(some)]

    async def after(self, author: UUID, wave: UUID, most: int) -> Sequence[UUID]:
        """Return so many Waves of an author after one, in the order of their ids."""
        statement = select(Wave.id).where(Wave.author == author, Wave.id > wave).order_by(Wave.id).limit(most)
        return (await self.session.scalars(statement)).all()

    async def every(self, after: UUID, most: int) -> Sequence[Wave]:
        """Return so many Waves after one, whoever may see them, in the order of their ids."""
        statement = select(Wave).where(Wave.id > after).order_by(Wave.id).limit(most)
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
        await self.session.execute(delete(Case).where(Case.about == wave))
        await self.session.execute(delete(Report).where(Report.about == wave))
        await self.session.execute(delete(Wave).where(Wave.id == wave))
        await self.session.execute(insert(Leftover).values(wave=wave).on_conflict_do_nothing())

    async def by(self, page: PageFilter, viewer: UUID | None, author: UUID, *, moderates: bool = False) -> Page[Wave]:
        """Return a page of somebody's Waves that the viewer may see; of others' they have shared on, none muted."""
        original = aliased(Wave)
        wanted = []
        if viewer is not None and viewer != author:
            muted = exists().where(original.id == Wave.ripple_of, mutes(viewer, original.author))
            wanted = [~and_(Wave.bare, muted)]
        return await self.page(page, Wave.author == author, may_find(viewer, moderates=moderates), *wanted)

    async def ripples(self, page: PageFilter, viewer: UUID | None, original: UUID) -> Page[Wave]:
        """Return a page of what shares a Wave on, without those whom the viewer mutes."""
        wanted = [] if viewer is None else [~mutes(viewer, Wave.author)]
        return await self.page(page, Wave.ripple_of == original, may_find(viewer), *wanted)

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

    async def of_all(self, waves: Collection[UUID]) -> dict[UUID, list[UUID]]:
        """Return whom some Waves name, by Wave."""
        statement = select(Mention.wave, Mention.account).where(Mention.wave.in_(waves)).order_by(Mention.account)
        found: dict[UUID, list[UUID]] = {}
        for wave, account in await self.session.execute(statement):
            found.setdefault(wave, []).append(account)
        return found

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
        statement = select(handle, Person.id).where(handle.in_(handles), ~Person.deleted, ~are_apart(author, Person.id))
        return {row[0]: row[1] for row in await self.session.execute(statement.order_by(Person.changed_at))}
