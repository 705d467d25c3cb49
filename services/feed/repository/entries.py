"""What has been published, and who comes across it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, and_, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, insert
from sqlalchemy.orm import aliased

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.feed.models import Audience, Entry, Follow
from services.feed.repository.apart import gone, unwanted

HOME = Keyset("home", Entry.ordinal)
EXPLORE = Keyset("explore", Entry.ordinal)

# Said in the statement itself, so that its plan can rely on the indexes with these conditions.
_FOR_ALL = Entry.audience == literal(Audience.PUBLIC.value, literal_execute=True)
_SHOWN = Entry.audience != literal(Audience.NOBODY.value, literal_execute=True)


def _by(author: Any) -> ColumnElement[bool]:
    return and_(Entry.author == author, _SHOWN)


class EntryRepository(Repository[Entry]):
    """What has been published."""

    model_type = Entry

    async def keep(self, values: dict[str, Any], words: Sequence[str]) -> None:
        """Keep what an event tells of an entry, unless what is known is as new."""
        values = {**values, "words": func.array_to_tsvector(cast(list(words), ARRAY(Text)))}
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
            Follow.follower == viewer, Follow.accepted, ~unwanted(viewer, Follow.followee), ~gone(Follow.followee)
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
        wanted = [] if viewer is None else [~unwanted(viewer, Entry.author)]
        return await self.page(page, _FOR_ALL, ~gone(Entry.author), *wanted)

    async def found(self, after: UUID | None, limit: int, viewer: UUID | None, query: str) -> Sequence[Entry]:
        """Return what is for all and has the words of a query, the newest first; one more than wanted.

        Args:
            after: The ordinal of the last one seen.
            limit: How many are wanted.
            viewer: Who looks.
            query: Of words.
        """
        # By itself, or Postgres may go through all entries in their order, looking for words that none has.
        matching = select(Entry.id, Entry.author).where(_FOR_ALL, Entry.words.op("@@")(cast(query, TSQUERY)))
        if after is not None:
            matching = matching.where(Entry.ordinal < after)
        matches = matching.cte("matches").prefix_with("MATERIALIZED")
        wanted = [] if viewer is None else [~unwanted(viewer, matches.c.author)]
        statement = select(Entry).join(matches, matches.c.id == Entry.id).where(~gone(matches.c.author), *wanted)
        return (await self.session.scalars(statement.order_by(Entry.ordinal.desc()).limit(limit + 1))).all()
