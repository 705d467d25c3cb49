"""Feeds, page by page."""

from services.core.data.pagination import Page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.service import NoSettings
from services.feed.models import Entry
from services.feed.repository import entries
from services.feed.repository.entries import EntryRepository
from services.feed.schemas import EntryView
from services.feed.service.views import views


class Reading:
    """What people come across."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def home(self, subject: Subject, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what the subject, and people whom they follow, have published, the newest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await EntryRepository(session).home(entries.HOME.page(cursor, limit), subject.id)
        return await self._shown(page)

    async def explore(self, viewer: Subject | None, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what anybody has published for all, the newest first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        account = viewer.id if viewer is not None else None
        async with self._db.reading() as session:
            page = await EntryRepository(session).explore(entries.EXPLORE.page(cursor, limit), account)
        return await self._shown(page)

    async def _shown(self, page: Page[Entry]) -> Page[EntryView]:
        return Page(items=await views(self._people, page.items), next=page.next)
