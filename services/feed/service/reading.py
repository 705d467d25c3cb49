"""Feeds, page by page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.core.data.pagination import Page, decode_cursor, page_of
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import bad_cursor, not_found
from services.core.service import NoSettings
from services.core.tags import tag_of
from services.feed.repository.entries import EntryRepository
from services.feed.repository.trends import TrendRepository
from services.feed.schemas import EntryView, TrendsView, TrendView
from services.feed.service.views import views

_HOME = "home"
_EXPLORE = "explore"
_TAGGED = "tagged"


class Reading:
    """What people come across."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def home(self, subject: Subject, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what the subject and those whom they follow have published, or has tags that they follow.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        after = decode_cursor(cursor, UUID, _HOME)
        async with self._db.reading() as session:
            rows = await EntryRepository(session).home(after, limit, subject.id)
        return await self._page(rows, limit, _HOME)

    async def explore(self, viewer: Subject | None, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what anybody has published for all, the newest first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        after = decode_cursor(cursor, UUID, _EXPLORE)
        async with self._db.reading() as session:
            rows = await EntryRepository(session).explore(after, limit, viewer.id if viewer is not None else None)
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
        async with self._db.reading() as session:
            rows = await EntryRepository(session).tagged(after, limit, viewer.id if viewer is not None else None, tag)
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
