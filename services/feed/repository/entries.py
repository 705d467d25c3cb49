"""What has been published, and who comes across it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_, update

from services.core.data.compiled import Compiled
from services.core.data.repository import Repository, keep_newest
from services.core.ids import NOBODY
from services.core.personal import AT_ONCE, Part
from services.feed.models import Entry, Hidden, Less, Ripple
from services.feed.repository import lists
from services.feed.repository.lexemes import LEXEMES
from services.feed.repository.parts import BEFORE_ALL


class EntryRepository(Repository[Entry]):
    """What has been published."""

    model_type = Entry

    async def keep(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Keep what events tell of entries, unless what is known is as new.

        Args:
            entries: By column; `lexemes` are the words of the text.
        """
        await keep_newest(self.session, Entry, entries, "id", computed={"words": LEXEMES})

    async def keep_anew(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Keep what is told of entries also where the same version of them is known: words and tags may be missing."""
        told = [(entry["id"], entry["version"]) for entry in entries]
        same = tuple_(Entry.id, Entry.version).in_(told)
        # Held in the order in which they are written, so that an event that comes meanwhile waits, or is waited for.
        held = select(Entry.id).where(same).order_by(Entry.id).with_for_update()
        ids = (await self.session.scalars(held)).all()
        older = update(Entry).where(Entry.id.in_(ids), same).values(version=Entry.version - 1)
        await self.session.execute(older.execution_options(synchronize_session=False))
        await self.keep(entries)

    async def erase(self, account: UUID) -> bool:
        """Drop what an account has published, and have its polls be nobody's; say whether there may be more."""
        some = select(Entry.id).where(Entry.author == account).limit(AT_ONCE)
        gone = await self.delete_where(Entry.id.in_(some), Entry.kind != "poll")
        kept = await self.update_where(Entry.id.in_(some), Entry.kind == "poll", values={"author": NOBODY})
        return bool(gone) or bool(kept)

    async def home(self, after: UUID | None, limit: int, viewer: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what a viewer, and those whom they follow, have published, the newest first; one more than wanted.

        Args:
            after: The ordinal of the last one seen.
            limit: How many are wanted.
            viewer: Whose feed it is.
        """
        return await self._rows(lists.HOME, after, limit, viewer)

    async def candidates(self, viewer: UUID, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the newest at somebody's home, with what their rank takes; one more, if there is more."""
        return await self._rows(lists.CANDIDATES, None, most, viewer)

    async def some(self, viewer: UUID, things: Sequence[UUID]) -> dict[UUID, Row[*tuple[Any, ...]]]:
        """Return those of some entries and Ripples that a viewer may still come across at home."""
        rows = await lists.SOME.rows(self.session, {"viewer": viewer, "things": list(things)})
        return {row.thing: row for row in rows}

    async def known(self, viewer: UUID, things: Sequence[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return those of some entries that a viewer may come across in some feed, hidden ones as well."""
        return await lists.KNOWN.rows(self.session, {"viewer": viewer, "things": list(things)})

    async def explore(self, after: UUID | None, limit: int, viewer: UUID | None) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what anybody has published for all, the newest first; one more than wanted."""
        return await self._rows(lists.EXPLORE, after, limit, viewer)

    async def tagged(
        self, after: UUID | None, limit: int, viewer: UUID | None, tag: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what is for all and has a tag, the newest first; one more than wanted."""
        return await self._rows(lists.TAGGED, after, limit, viewer, tag=tag)

    async def found(
        self, kind: str, after: UUID | None, limit: int, viewer: UUID | None, query: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what is of a kind, for all, and has the words of a query, the newest first; one more than wanted."""
        return await self._rows(lists.FOUND[kind], after, limit, viewer, query=query)

    async def _rows(
        self, statement: Compiled, after: UUID | None, limit: int, viewer: UUID | None, **more: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        where = {"after": after or BEFORE_ALL, "viewer": viewer or NOBODY}
        return await statement.rows(self.session, {**where, "rows": limit + 1, **more})


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here, all of which other services have told of."""
    entries = select(Entry.id, Entry.kind, Entry.created_at).where(Entry.author == account)
    ripples = select(Ripple.id, Ripple.original, Ripple.created_at).where(Ripple.account == account)
    hidden = select(Hidden.thing, Hidden.at).where(Hidden.account == account)
    less = select(Less.other, Less.at).where(Less.account == account)
    return [
        Part("entries", entries, Entry.id),
        Part("ripples", ripples, Ripple.id),
        Part("hidden", hidden, Hidden.ordinal),
        Part("less", less, Less.ordinal),
    ]
