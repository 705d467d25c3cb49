"""Tags that can be found by their words."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Text, bindparam, case, cast, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY, insert

from services.core.data.repository import Repository
from services.core.ids import NOBODY
from services.feed.models import Entry, Tagged, Topic
from services.feed.repository.lexemes import LEXEMES
from services.feed.repository.parts import FOR_ALL, wanted

_OFTEN = timedelta(hours=1)
"""How often it is kept that a tag is in use."""

_UNUSED_FOR = timedelta(days=1)


class TopicRepository(Repository[Topic]):
    """Tags, by their words."""

    model_type = Topic

    async def keep(self, words: Mapping[str, Sequence[str]]) -> None:
        """Keep tags with their words; in one order, so that two who keep the same don't wait for each other.

        Also those of older versions are kept: what nothing has any more isn't found, and is dropped by the sweep.
        """
        if not words:
            return
        new = insert(Topic).values(tag=bindparam("name", type_=Text()), words=LEXEMES)
        stale = Topic.heard_at < func.now() - _OFTEN
        statement = new.on_conflict_do_update(index_elements=["tag"], set_={"heard_at": func.now()}, where=stale)
        rows = [{"name": tag, "lexemes": list(words[tag])} for tag in sorted(words)]
        await self.session.execute(statement, rows)

    async def found(
        self, after: tuple[int, str] | None, limit: int, viewer: Any, query: str, typed: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return `nearness`, `tag` of tags that have the words, and that something has which the viewer comes across.

        The tag that was typed stands first, then what begins so, then others, by the alphabet; one more than wanted.

        Args:
            after: The two of the last one seen.
            limit: How many are wanted.
            viewer: Who looks, if they have said so.
            query: Of words.
            typed: What was typed, as a tag.
        """
        nearness = case((Topic.tag == typed, 0), (func.starts_with(Topic.tag, typed), 1), else_=2)
        place = (nearness, Topic.tag)
        matching = select(nearness.label("nearness"), Topic.tag).where(Topic.words.op("@@")(cast(query, TSQUERY)))
        if after is not None:
            matching = matching.where(tuple_(*place) > after)
        # Put in order first, and then looked at one by one until there are enough: of many, most aren't asked about.
        matches = matching.order_by(*place).offset(0).subquery("matches")
        seen = select(Tagged.tag).join(Entry, Tagged.entry == Entry.id).where(Tagged.tag == matches.c.tag)
        shown = seen.where(FOR_ALL, *wanted()).exists()
        statement = select(matches).where(shown).order_by(matches.c.nearness, matches.c.tag).limit(limit + 1)
        return (await self.session.execute(statement, {"viewer": viewer or NOBODY})).all()

    async def sweep(self) -> None:
        """Drop tags that nothing has any more, and has been told to have of late."""
        used = exists().where(Tagged.tag == Topic.tag)
        await self.delete_where(Topic.heard_at < func.now() - _UNUSED_FOR, ~used)
