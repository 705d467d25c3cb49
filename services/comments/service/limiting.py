"""Filters of words and limits of accounts: what moderators keep others from seeing."""

from typing import Any
from uuid import UUID

from services.comments.events import AccountLimited, FilterChanged
from services.comments.models import Filter
from services.comments.repository import (
    CommentRepository,
    FilterRepository,
    LimitRepository,
    ModerationLog,
    lists,
)
from services.comments.schemas import CommentView, FilterView, LimitView
from services.comments.service.keeping import follow_limit
from services.comments.service.reading import Reading
from services.comments.settings import CommentsSettings
from services.core.cases.schemas import MAX_REASON
from services.core.cases.service import require_moderator
from services.core.data.pagination import Page, map_page
from services.core.events.outbox import publish
from services.core.filters import LONGEST, MOST, key_of
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.peers.calls import PeerError
from services.core.people import People
from services.core.problems import not_found, over_quota, refused, unavailable
from services.core.refusals import Refusals
from services.core.text import clean_line, clean_text

_AT_ONCE = 20
"""Comments that follow a limit in one transaction; their threads wait meanwhile."""
_TOLD_AT_ONCE = 100


class Limiting:
    """Filters and limits. All of it is for moderators, and logged."""

    def __init__(self, kit: Kit[CommentsSettings], people: People, reading: Reading) -> None:
        self._db = kit.db
        self._people = people
        self._reading = reading

    async def filters(self, subject: Subject, cursor: str | None, limit: int) -> Page[FilterView]:
        """Return a page of the filters, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            page = await FilterRepository(session).page(lists.FILTERS.page(cursor, limit))
        return map_page(page, _view)

    async def add_filter(self, subject: Subject, words: str) -> tuple[FilterView, bool]:
        """Have comments with some words wait for a moderator, old ones as well; where they do already, that stays.

        Returns:
            The filter, and whether it is new.

        Raises:
            Problem: 403 for all but moderators, 422, 429 for too many.
        """
        require_moderator(subject)
        found = Refusals("filter-refused")
        words = found.text("words", clean_line, words, LONGEST)
        found.check()
        try:
            key = key_of(words)
        except ValueError as exc:
            found.add("words", str(exc))
            found.check()
            raise
        async with self._db.transaction() as session:
            filters = FilterRepository(session)
            number = await filters.lock()
            if (known := await filters.of_key(key)) is not None:
                return _view(known), False
            if number >= MOST:
                raise over_quota(f"There are {MOST} filters, as many as there may be. Remove one of them.")
            now = await filters.clock()
            made = await filters.add(Filter(id=new_id(), words=words, key=key, created_at=now, told=True))
            await publish(session, _told(made))
            await ModerationLog(session).record("filter.added", subject.id, {"words": words})
            return _view(made), True

    async def remove_filter(self, subject: Subject, filter_id: UUID) -> None:
        """Remove a filter; what waits because of it still does. Where there is none, it does nothing.

        Raises:
            Problem: 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.transaction() as session:
            words = await FilterRepository(session).remove(filter_id)
            if words is not None:
                await publish(session, FilterChanged(filter=filter_id, words="", key="", removed=True))
                await ModerationLog(session).record("filter.removed", subject.id, {"words": words})

    async def tell_filters(self) -> None:
        """Tell others of the filters that there were before others were told of them."""
        more = True
        while more:
            async with self._db.transaction() as session:
                filters = FilterRepository(session)
                found = await filters.untold(_TOLD_AT_ONCE)
                for row in found:
                    await publish(session, _told(row))
                await filters.mark_told([row.id for row in found])
            more = len(found) == _TOLD_AT_ONCE

    async def limits(self, subject: Subject, cursor: str | None, limit: int) -> Page[LimitView]:
        """Return a page of those who are limited, the latest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            page = await LimitRepository(session).of(lists.LIMITS.page(cursor, limit))
        people = await self._people.of(row.account for row in page.items)
        return map_page(page, lambda row: LimitView(person=people[row.account], reason=row.reason, at=row.at))

    async def comments_of(self, subject: Subject, account: UUID, cursor: str | None, limit: int) -> Page[CommentView]:
        """Return a page of what somebody has said, the latest first, whether others see it or not.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            page = await CommentRepository(session).mine(lists.MINE.page(cursor, limit), account)
        return Page(await self._reading.views(subject, page.items), page.next)

    async def limit(self, subject: Subject, account: UUID, reason: str) -> None:
        """Have what somebody writes be seen by themselves and moderators alone; again, it does nothing.

        Raises:
            Problem: 403 for all but moderators, 404 for nobody, 422 for oneself or a bad reason, 503.
        """
        require_moderator(subject)
        found = Refusals("reason-refused")
        reason = found.text("reason", clean_text, reason, MAX_REASON)
        found.check()
        if account == subject.id:
            raise refused("own-account", "You can't limit yourself.")
        try:
            person = await self._people.find(account)
        except PeerError as exc:
            raise unavailable("Whether there is such an account isn't known right now. Try again.") from exc
        if person is None or person.deleted:
            raise not_found("account")
        await self._put(subject, account, limited=True, reason=reason)

    async def lift(self, subject: Subject, account: UUID) -> None:
        """Have others see again what somebody writes; where they do, it does nothing.

        Raises:
            Problem: 403 for all but moderators.
        """
        require_moderator(subject)
        async with self._db.reading() as session:
            if not await LimitRepository(session).is_limited(account):
                return
        await self._put(subject, account, limited=False, reason="")

    async def follow(self) -> None:
        """Have comments of long ago follow the limits of their authors, some in a transaction."""
        more = True
        while more:
            async with self._db.transaction() as session:
                await FilterRepository(session).share()
                limits = LimitRepository(session)
                row = await limits.claim()
                if row is None:
                    return
                more = await follow_limit(session, row.account, _AT_ONCE, limited=row.limited)
                if not more:
                    await limits.finish(row.account)
                    more = True  # of somebody else

    async def _put(self, subject: Subject, account: UUID, *, limited: bool, reason: str) -> None:
        async with self._db.transaction() as session:
            limits = LimitRepository(session)
            await limits.hold(account)
            row = await limits.put(account, limited=limited, reason=reason)
            if row is None:
                return
            await publish(session, AccountLimited(account=account, version=row.version, limited=limited))
            details: dict[str, Any] = {"account": str(account), **({"reason": reason} if reason else {})}
            await ModerationLog(session).record(
                "account.limited" if limited else "account.unlimited", subject.id, details
            )


def _told(row: Filter) -> FilterChanged:
    return FilterChanged(filter=row.id, words=row.words, key=row.key, removed=False)


def _view(row: Filter) -> FilterView:
    return FilterView(row.id, row.words, row.created_at)
