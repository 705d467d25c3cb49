"""Feeds, page by page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.core.data.pagination import Page, decode_cursor, encode_cursor, page_of
from services.core.identity.subject import Subject
from services.core.ids import NOBODY
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import Problem, bad_cursor, not_found
from services.core.service import NoSettings
from services.core.tags import tag_of
from services.feed.ranks import MOST_RANKED, ranked
from services.feed.repository.lists import Lists
from services.feed.repository.rankings import RankingRepository
from services.feed.repository.trends import TrendRepository
from services.feed.schemas import EntryView, TrendsView, TrendView
from services.feed.service.views import views

_HOME = "home"
_RANKED = "ranked"
_EXPLORE = "explore"
_TAGGED = "tagged"


class Reading:
    """What people come across."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def home(self, subject: Subject, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what the subject and those whom they follow have published, or has tags that they follow.

        What those whom they follow share on is among it.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        after = decode_cursor(cursor, UUID, _HOME)
        rows = await Lists(self._db).home(after, limit, subject.id)
        return await self._page(rows, limit, _HOME)

    async def ranked(self, subject: Subject, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of the subject's home feed by rank, in the order of its first page.

        What has come since isn't in it, and what may not be seen any more is left out; after all that has a rank comes
        what is older, by time.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests, 410 for one whose order isn't kept any more.
        """
        subject.require_user()
        place = decode_cursor(cursor, tuple[UUID, int, UUID | None], _RANKED)
        order, at, after = place or (await self._rank(subject.id), 0, None)
        async with self._db.reading() as session:
            entries = Lists(session)
            if after is None:
                ranking = await RankingRepository(session).get_one_or_none(account=subject.id, id=order)
                if ranking is None:
                    raise Problem(410, "order-gone", "This order is gone", "Read the first page again.")
                found: list[Any] = []
                while at < len(ranking.things) and len(found) < limit:
                    part = ranking.things[at : at + limit - len(found)]
                    known = await entries.some(subject.id, part)
                    found += (known[thing] for thing in part if thing in known)
                    at += len(part)
                after = ranking.oldest if at >= len(ranking.things) else None
            else:
                found = []
            more = True
            if after is not None:
                rows = await entries.home(after, limit - len(found), subject.id)
                more = len(rows) > limit - len(found)
                older = rows[: limit - len(found)]
                found += older
                after = older[-1].ordinal if older else after
        key = encode_cursor((order, at, after), _RANKED) if more else None
        return Page(items=await views(self._people, found), next=key)

    async def _rank(self, account: UUID) -> UUID:
        """Put what is newest at somebody's home in order, and keep that; return what the order is called."""
        async with self._db.transaction() as session:
            rows = (await Lists(session).candidates(account, MOST_RANKED))[:MOST_RANKED]
            oldest = rows[-1].ordinal if rows else NOBODY
            return await RankingRepository(session).put(account, ranked(rows, datetime.now(UTC)), oldest)

    async def explore(self, viewer: Subject | None, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what anybody has published for all, the newest first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        after = decode_cursor(cursor, UUID, _EXPLORE)
        rows = await Lists(self._db).explore(after, limit, viewer.id if viewer is not None else None)
        return await self._page(rows, limit, _EXPLORE)

    async def tagged(self, viewer: Subject | None, written: str, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what anybody has published for all with a tag, the newest first.

        Raises:
            Problem: 400 for another list's cursor, 404 for what is no tag.
        """
        tag = tag_of(written)
        if tag is None:
            raise not_found("tag")
        of, after = decode_cursor(cursor, tuple[str, UUID], _TAGGED) or (tag, None)
        if of != tag:
            raise bad_cursor()
        rows = await Lists(self._db).tagged(after, limit, viewer.id if viewer is not None else None, tag)
        page = page_of(rows, limit, lambda row: (tag, row.ordinal), _TAGGED)
        return Page(items=await views(self._people, page.items), next=page.next)

    async def trends(self, limit: int) -> TrendsView:
        """Return tags that many use these days, by the last reckoning."""
        async with self._db.reading() as session:
            rows = await TrendRepository(session).liveliest(limit)
        return TrendsView([TrendView(row.tag, row.people) for row in rows])

    async def _page(self, rows: Sequence[Any], limit: int, name: str) -> Page[EntryView]:
        page = page_of(rows, limit, lambda row: row.ordinal, name)
        return Page(items=await views(self._people, page.items), next=page.next)
