"""Feeds, page by page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.core.data.pagination import Page, decode_cursor, page_of
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.service import NoSettings
from services.feed.repository.entries import EntryRepository
from services.feed.schemas import EntryView
from services.feed.service.views import views

_HOME = "home"
_EXPLORE = "explore"


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

    async def _page(self, rows: Sequence[Any], limit: int, name: str) -> Page[EntryView]:
        page = page_of(rows, limit, lambda row: row.ordinal, name)
        return Page(items=await views(self._people, page.items), next=page.next)
