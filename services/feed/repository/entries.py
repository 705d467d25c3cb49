"""What has been published, and who comes across it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update

from services.core.data.repository import Repository, keep_newest
from services.core.ids import NOBODY
from services.core.personal import AT_ONCE, Part
from services.feed.models import Entry, Hidden, Less, Ripple
from services.feed.repository.lexemes import LEXEMES


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
