"""Use cases of Feed; each is one transaction."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import Page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.service import NoSettings, UseCases
from services.feed import repository as lists
from services.feed.events import PollChanged, ProfileChanged
from services.feed.models import Audience, Entry, Person
from services.feed.ordinals import moment_of, ordinal_of
from services.feed.repository import EntryRepository
from services.feed.schemas import EntryView, Kind

_SHOWN_IN_LISTS = frozenset({"anyone", "signed_in"})
"""Who may vote in polls that lists show; others are for those who were invited."""


class Feed(UseCases[NoSettings]):
    """What people come across.

    Attributes:
        people: Who authors are.
    """

    def __init__(self, kit: Kit[NoSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)

    async def home(self, subject: Subject, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what the subject, and people whom they follow, have published, the newest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for guests.
        """
        subject.require_user()
        async with self.kit.db.reading() as session:
            page = await EntryRepository(session).home(lists.HOME.page(cursor, limit), subject.id)
        return await self._shown(page)

    async def explore(self, viewer: Subject | None, cursor: str | None, limit: int) -> Page[EntryView]:
        """Return a page of what anybody has published for all, the newest first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        account = viewer.id if viewer is not None else None
        async with self.kit.db.reading() as session:
            page = await EntryRepository(session).explore(lists.EXPLORE.page(cursor, limit), account)
        return await self._shown(page)

    async def on_poll_changed(self, session: AsyncSession, event: PollChanged) -> None:
        """Keep what a poll is called and who may come across it."""
        published = event.published_at or moment_of(event.poll)
        await EntryRepository(session).keep(
            {
                "id": event.poll,
                "kind": "poll",
                "version": event.version,
                "ordinal": ordinal_of(event.poll, published),
                "author": event.owner,
                "audience": _audience(event),
                "text": "" if event.deleted else event.title,
                "created_at": published,
            }
        )

    async def _shown(self, page: Page[Entry]) -> Page[EntryView]:
        return Page(items=await self._views(page.items), next=page.next)

    async def _views(self, entries: Sequence[Entry]) -> list[EntryView]:
        authors = await self.people.of(entry.author for entry in entries)
        return [
            EntryView(
                kind=cast(Kind, entry.kind),
                id=entry.id,
                author=authors[entry.author],
                text=entry.text,
                created_at=entry.created_at,
            )
            for entry in entries
        ]


def _audience(poll: PollChanged) -> Audience:
    """Return whose feeds show a poll: the same as find it in Polls' own list."""
    is_over = poll.deleted or poll.archived_at is not None
    if is_over or poll.listing != "public" or poll.eligibility not in _SHOWN_IN_LISTS:
        return Audience.NOBODY
    return Audience.PUBLIC
