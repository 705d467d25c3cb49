"""Hiding what one doesn't want to come across, and seeing less of somebody."""

from uuid import UUID

from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import over_quota
from services.core.service import NoSettings
from services.feed.models import Hidden, Less
from services.feed.repository import wishes
from services.feed.repository.lists import Lists
from services.feed.repository.wishes import HiddenRepository, LessRepository, WishRepository
from services.feed.schemas import HiddenView, LessView
from services.feed.service.views import views

MOST_HIDDEN = 5_000
MOST_LESS = 5_000


class Wishing:
    """What somebody wants to see less of, or not at all. Nobody else learns of it.

    An id may be nobody's: to say so would tell of what one may not see.
    """

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def hide(self, subject: Subject, thing: UUID) -> None:
        """Leave something out of the subject's feeds; again, it does nothing.

        Raises:
            Problem: 403 for guests, 429 for one too many.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            if not await WishRepository(session).add_one(subject.id, Hidden.thing, thing, MOST_HIDDEN):
                raise over_quota(f"One account may hide {MOST_HIDDEN:,} things.")

    async def show(self, subject: Subject, thing: UUID) -> None:
        """Hide something no longer; where it isn't hidden, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            await HiddenRepository(session).delete_where(Hidden.account == subject.id, Hidden.thing == thing)

    async def hidden(self, subject: Subject, cursor: str | None, limit: int) -> Page[HiddenView]:
        """Return a page of what the subject has hidden, the newest first.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            mine = Hidden.account == subject.id
            page = await HiddenRepository(session).page(wishes.HIDDEN.page(cursor, limit), mine)
            known = await Lists(session).known(subject.id, [row.thing for row in page.items])
        entries = {entry.id: entry for entry in await views(self._people, known)}
        return map_page(page, lambda row: HiddenView(row.thing, row.at, entries.get(row.thing)))

    async def lessen(self, subject: Subject, account: UUID) -> None:
        """See less of somebody; again, it does nothing.

        Raises:
            Problem: 403 for guests, 429 for one too many.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            if not await WishRepository(session).add_one(subject.id, Less.other, account, MOST_LESS):
                raise over_quota(f"One account may see less of {MOST_LESS:,} people.")

    async def restore(self, subject: Subject, account: UUID) -> None:
        """See as much of somebody as before; where it isn't less, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            await LessRepository(session).delete_where(Less.account == subject.id, Less.other == account)

    async def lessened(self, subject: Subject, cursor: str | None, limit: int) -> Page[LessView]:
        """Return a page of those of whom the subject wants to see less, the newest first.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await LessRepository(session).page(wishes.LESS.page(cursor, limit), Less.account == subject.id)
        people = await self._people.of(row.other for row in page.items)
        return map_page(page, lambda row: LessView(people[row.other], row.at))
