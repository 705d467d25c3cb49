"""Lists, counts, and how two people stand to each other."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from services.core.circles import MOST_AT_ONCE
from services.core.data.pagination import Page, map_page
from services.core.data.repository import to_schema
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People, PersonView
from services.core.problems import Problem, not_found
from services.core.service import NoSettings
from services.follows import repository as lists
from services.follows.events import FollowChanged
from services.follows.models import Block
from services.follows.repository import AccountRepository, BlockRepository, FollowRepository, MuteRepository
from services.follows.schemas import ConnectionView, CountsView, RelationView, SuggestionView


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
        return CountsView(0, 0, 0, 0, 0, 0, 0) if row is None else to_schema(row, CountsView)

    async def accepted(self, after: tuple[UUID, UUID] | None) -> list[FollowChanged]:
        """Return who follows whom, as events tell of it, for services that begin to listen; in the order of the pairs.

        Args:
            after: The last pair seen, follower and followee.
        """
        async with self._db.reading() as session:
            rows = await FollowRepository(session).told(after, MOST_AT_ONCE)
        return [
            FollowChanged(follower=row.follower, followee=row.followee, state="accepted", version=row.version)
            for row in rows
        ]

    async def relation(self, subject: Subject, account: UUID) -> RelationView:
        """Return how somebody and the subject stand to each other.

        Raises:
            Problem: 403 for guests, 404 for somebody who isn't there or blocks the subject.
        """
        subject.require_user()
        row = await self._relation(subject, account)
        return _view(row, await self._people.one(account))

    async def relations(self, subject: Subject, accounts: Sequence[UUID]) -> list[RelationView]:
        """Return how each of some people and the subject stand to each other, in the order in which they are asked for.

        Those who aren't known here, who are deleted or block the subject are left out.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            rows = await FollowRepository(session).relations(subject.id, set(accounts))
        shown = {row.id: row for row in rows if not (row.deleted or row.blocks_me)}
        people = await self._people.of(shown)
        return [_view(shown[account], people[account]) for account in dict.fromkeys(accounts) if account in shown]

    async def suggestions(self, subject: Subject, limit: int) -> list[SuggestionView]:
        """Return people whom the subject may want to follow.

        Whom most of those follow whom the subject follows stand first; then those with the most followers.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            follows = FollowRepository(session)
            common = {row.id: row.common for row in await follows.friends_of_friends(subject.id, limit)}
            if len(common) < limit:
                for account in await follows.most_followed(subject.id, limit):
                    common.setdefault(account, 0)
        people = await self._people.of(common)
        return [SuggestionView(people[account], number) for account, number in list(common.items())[:limit]]

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
            rows = await FollowRepository(session).relations(subject.id, [account])
        row = next(iter(rows), None)
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


def _view(row: Any, person: PersonView) -> RelationView:
    return RelationView(
        person=person,
        private=row.private,
        followers=None if row.blocked else row.followers,
        following=None if row.blocked else row.following,
        i_follow=row.i_follow,
        follows_me=row.follows_me,
        blocked=row.blocked,
        muted=row.muted,
    )
