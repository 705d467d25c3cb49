"""Every SQL statement of Feed. Who sees an entry is part of the statement, so a page is never shortened afterwards."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, exists, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.feed.models import Audience, Block, Entry, Follow, Mute, Person

HOME = Keyset("home", Entry.ordinal)
EXPLORE = Keyset("explore", Entry.ordinal)

# Said in the statement itself, so that its plan can rely on the indexes with these conditions.
_FOR_ALL = Entry.audience == literal(Audience.PUBLIC.value, literal_execute=True)
_SHOWN = Entry.audience != literal(Audience.NOBODY.value, literal_execute=True)


def _by(author: Any) -> ColumnElement[bool]:
    return and_(Entry.author == author, _SHOWN)


def _unwanted(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks or mutes somebody, or is blocked by them."""
    return or_(
        exists().where(Block.account == viewer, Block.other == account, Block.blocked),
        exists().where(Block.account == account, Block.other == viewer, Block.blocked),
        exists().where(Mute.account == viewer, Mute.other == account, Mute.muted),
    )


def _gone(account: Any) -> ColumnElement[bool]:
    return exists().where(Person.id == account, Person.deleted)


class EntryRepository(Repository[Entry]):
    """What has been published."""

    model_type = Entry

    async def keep(self, values: dict[str, Any]) -> None:
        """Keep what an event tells of an entry, unless what is known is as new."""
        new = insert(Entry).values(**values)
        changes = {name: new.excluded[name] for name in values if name != "id"}
        newer = Entry.version < new.excluded.version
        await self.session.execute(new.on_conflict_do_update(index_elements=["id"], set_=changes, where=newer))

    async def home(self, page: PageFilter, viewer: UUID) -> Page[Entry]:
        """Return a page of what a viewer, and those whom they follow, have published.

        A page of so many entries has no more authors, and they are those whose newest one is the newest. So it costs
        one look into the index for each who is followed, at any depth, and nothing grows with what they have ever
        published.
        """
        followed = select(Follow.followee.label("author")).where(
            Follow.follower == viewer, Follow.accepted, ~_unwanted(viewer, Follow.followee), ~_gone(Follow.followee)
        )
        authors = followed.union_all(select(literal(viewer, Uuid()))).subquery("authors")
        last = page.append_to_statement(select(Entry.ordinal).where(_by(authors.c.author))).limit(1).lateral("last")
        latest = select(authors.c.author).join_from(authors, last, true()).order_by(last.c.ordinal.desc())
        lately = latest.limit(page.rows).subquery("lately")
        entry = aliased(Entry, page.append_to_statement(select(Entry).where(_by(lately.c.author))).lateral("entry"))
        newest = select(entry).join_from(lately, entry, true()).order_by(entry.ordinal.desc()).limit(page.rows)
        return page.of((await self.session.scalars(newest)).all())

    async def explore(self, page: PageFilter, viewer: UUID | None) -> Page[Entry]:
        """Return a page of what anybody has published for all."""
        wanted = [] if viewer is None else [~_unwanted(viewer, Entry.author)]
        return await self.page(page, _FOR_ALL, ~_gone(Entry.author), *wanted)
