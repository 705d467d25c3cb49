"""Lists, counts, and how two people stand to each other."""

from typing import Any, Literal
from uuid import UUID

from services.core.data.pagination import Page, map_page
from services.core.data.repository import to_schema
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import Problem, not_found
from services.core.service import NoSettings
from services.follows import repository as lists
from services.follows.models import Block
from services.follows.repository import AccountRepository, BlockRepository, FollowRepository, MuteRepository
from services.follows.schemas import ConnectionView, CountsView, RelationView


class Reading:
    """What people see of follows, blocks and mutes; nobody sees somebody who blocks them."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def counts(self, subject: Subject) -> CountsView:
        """Return the subject's own counts.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            row = await AccountRepository(session).get_one_or_none(id=subject.id)
        return CountsView(0, 0, 0, 0, 0, 0) if row is None else to_schema(row, CountsView)

    async def relation(self, subject: Subject, account: UUID) -> RelationView:
        """Return how somebody and the subject stand to each other.

        Raises:
            Problem: 403 for guests, 404 for somebody who isn't there or blocks the subject.
        """
        subject.require_user()
        row = await self._relation(subject, account)
        return RelationView(
            person=await self._people.one(account),
            private=row.private,
            followers=None if row.blocked else row.followers,
            following=None if row.blocked else row.following,
            i_follow=row.i_follow,
            follows_me=row.follows_me,
            blocked=row.blocked,
            muted=row.muted,
        )

    async def connections(
        self, subject: Subject, account: UUID, which: Literal["followers", "following"], cursor: str | None, limit: int
    ) -> Page[ConnectionView]:
        """Return a page of who follows somebody, or whom they follow, the newest first.

        Raises:
            Problem: 403 for guests and for private accounts that the subject doesn't follow, 404 for somebody who isn't
                there, or who blocks the subject, or the other way round.
        """
        subject.require_user()
        if account != subject.id:
            await self._require_open(subject, account)
        async with self._db.reading() as session:
            follows = FollowRepository(session)
            if which == "followers":
                page = await follows.followers(lists.FOLLOWERS.page(cursor, limit), account, subject.id)
            else:
                page = await follows.following(lists.FOLLOWING.page(cursor, limit), account, subject.id)
        return await self._named(page, "follower" if which == "followers" else "followee")

    async def mutuals(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConnectionView]:
        """Return a page of those whom the subject follows and who follow the subject.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await FollowRepository(session).mutuals(lists.MUTUALS.page(cursor, limit), subject.id)
        return await self._named(page, "followee")

    async def requests(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConnectionView]:
        """Return a page of those who ask to follow the subject.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await FollowRepository(session).requests(lists.REQUESTS.page(cursor, limit), subject.id)
        return await self._named(page, "follower")

    async def requests_sent(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConnectionView]:
        """Return a page of those whom the subject asks to follow.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await FollowRepository(session).requests_sent(lists.REQUESTS_SENT.page(cursor, limit), subject.id)
        return await self._named(page, "followee")

    async def blocks(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConnectionView]:
        """Return a page of those whom the subject blocks.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await BlockRepository(session).page(lists.BLOCKS.page(cursor, limit), Block.account == subject.id)
        return await self._named(page, "other")

    async def mutes(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConnectionView]:
        """Return a page of those whom the subject mutes.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            page = await MuteRepository(session).seen(lists.MUTES.page(cursor, limit), subject.id)
        return await self._named(page, "other")

    async def _relation(self, subject: Subject, account: UUID) -> Any:
        if await self._people.find(account) is None:
            raise not_found("person")
        async with self._db.reading() as session:
            row = await FollowRepository(session).relation(subject.id, account)
        if row is None or row.deleted or row.blocks_me:
            raise not_found("person")
        return row

    async def _require_open(self, subject: Subject, account: UUID) -> None:
        row = await self._relation(subject, account)
        if row.blocked:
            raise not_found("person")
        if row.private and row.i_follow != "accepted":
            raise Problem(403, "private-account", "This account is private", "Only those who follow it see this list.")

    async def _named(self, page: Page[Any], column: str) -> Page[ConnectionView]:
        people = await self._people.of(getattr(row, column) for row in page.items)
        return map_page(page, lambda row: ConnectionView(people[getattr(row, column)], row.at))
