"""What has which tags, and who follows them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from services.core.data.repository import Repository, add_missing, keep_newest
from services.feed.models import Entry, TagFollow, Tagged


class TaggedRepository(Repository[Tagged]):
    """The tags of what has been published for all."""

    model_type = Tagged

    async def keep(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Keep the tags of entries that have just been kept, unless what is known of them is newer.

        Keeping them has locked their rows, so nobody else changes their tags meanwhile.

        Args:
            entries: By column; `tags` are theirs.
        """
        told = {(entry["id"], entry["version"]): entry for entry in entries}
        place = tuple_(Entry.id, Entry.version)
        held = await self.session.execute(select(Entry.id, Entry.version).where(place.in_(list(told))))
        newest = [told[row.id, row.version] for row in held]
        await self.delete_where(Tagged.entry.in_([entry["id"] for entry in newest]))
        rows = [
            {"tag": tag, "ordinal": entry["ordinal"], "entry": entry["id"]} for entry in newest for tag in entry["tags"]
        ]
        await add_missing(self.session, Tagged, rows)


class TagFollowRepository(Repository[TagFollow]):
    """Who follows which tags."""

    model_type = TagFollow

    async def keep(self, account: UUID, tag: str, version: int, *, followed: bool) -> None:
        """Keep whether an account follows a tag, unless what is known is as new."""
        row = {"account": account, "tag": tag, "followed": followed, "version": version}
        await keep_newest(self.session, TagFollow, [row], "account", "tag", also={"heard_at": func.now()})

    async def forget(self, age: timedelta) -> None:
        """Drop what says that somebody doesn't follow a tag any more, once it is so old."""
        await self.delete_where(~TagFollow.followed, TagFollow.heard_at < func.now() - age)
