"""People, their counts, and who follows whom."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, column, delete, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import new_id
from services.follows.models import Account, Follow, Mute, Person
from services.follows.repository.apart import apart, blocks
from services.follows.repository.suggestions import FRIENDS_OF_FRIENDS, MOST_FOLLOWED

FOLLOWERS = Keyset("followers", Follow.ordinal)
FOLLOWING = Keyset("following", Follow.ordinal)
MUTUALS = Keyset("mutuals", Follow.ordinal)
REQUESTS = Keyset("requests", Follow.ordinal)
REQUESTS_SENT = Keyset("requests-sent", Follow.ordinal)

_IDS = ARRAY(Uuid())
_ACCEPTED = Follow.state == "accepted"
_REQUESTED = Follow.state == "requested"


class PersonRepository(Repository[Person]):
    """People as Profiles tells of them."""

    model_type = Person

    async def hold(self, account: UUID) -> Person:
        """Return somebody who stays as they are, private or not, until the transaction ends.

        Raises:
            NotFoundError: Nobody has told of this account.
        """
        return await self.get(account, with_for_update={"read": True})


class AccountRepository(Repository[Account]):
    """Counts, by account."""

    model_type = Account

    async def lock(self, accounts: Collection[UUID]) -> dict[UUID, Account]:
        """Lock accounts, and begin to count for those that had nothing to count so far."""
        ids = sorted(set(accounts))
        await self.session.execute(
            insert(Account).values([{"id": account} for account in ids]).on_conflict_do_nothing()
        )
        statement = select(Account).where(Account.id.in_(ids)).order_by(Account.id).with_for_update()
        return {row.id: row for row in (await self.session.scalars(statement)).all()}

    async def change(self, account: UUID, **by: int) -> int:
        """Change counts by so much; return the account's next version."""
        return (await self.change_all([account], **by))[account]

    async def change_all(self, accounts: Sequence[UUID], **by: int) -> dict[UUID, int]:
        """Change the counts of accounts, each by so much; return their next versions."""
        values = {name: getattr(Account, name) + number for name, number in by.items()}
        values["version"] = Account.version + 1
        return {row.id: row.version for row in await self.update_where(Account.id.in_(accounts), values=values)}


class FollowRepository(Repository[Follow]):
    """Follows and requests to follow."""

    model_type = Follow

    async def state(self, follower: UUID, followee: UUID) -> str | None:
        """Return the state of a follow or request, None if there is none."""
        statement = select(Follow.state).where(Follow.follower == follower, Follow.followee == followee)
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def accept(self, followee: UUID, followers: Sequence[UUID]) -> list[UUID]:
        """Accept those of some who ask to follow an account; return whose requests were."""
        pairs = (
            func.unnest(
                bindparam("followers", followers, _IDS), bindparam("ordinals", [new_id() for _ in followers], _IDS)
            )
            .table_valued(column("asks", Uuid()), column("ordinal", Uuid()))
            .render_derived("pair")
        )
        accepted = await self.update_where(
            Follow.follower == pairs.c.asks,
            Follow.followee == followee,
            _REQUESTED,
            values={"state": "accepted", "ordinal": pairs.c.ordinal, "at": func.now()},
        )
        return [row.follower for row in accepted]

    async def some_of(self, account: UUID, most: int) -> Sequence[tuple[UUID, UUID]]:
        """Return who follows whom, or asks to, some of the pairs that an account is in."""
        concerned = or_(Follow.follower == account, Follow.followee == account)
        rows = await self.session.execute(select(Follow.follower, Follow.followee).where(concerned).limit(most))
        return [(row[0], row[1]) for row in rows]

    async def end(self, follower: UUID, followee: UUID) -> str | None:
        """Delete a follow or request; return the state that it had, None if there was none."""
        statement = delete(Follow).where(Follow.follower == follower, Follow.followee == followee)
        return (await self.session.execute(statement.returning(Follow.state))).scalar_one_or_none()

    async def asking(self, followee: UUID) -> list[UUID]:
        """Return who waits for an account's answer, the first to ask first."""
        statement = select(Follow.follower).where(Follow.followee == followee, _REQUESTED).order_by(Follow.ordinal)
        return list((await self.session.scalars(statement)).all())

    async def followers(self, page: PageFilter, account: UUID, viewer: UUID) -> Page[Follow]:
        """Return a page of those who follow an account, as far as the viewer and they aren't apart."""
        return await self.page(page, Follow.followee == account, _ACCEPTED, ~apart(viewer, Follow.follower))

    async def following(self, page: PageFilter, account: UUID, viewer: UUID) -> Page[Follow]:
        """Return a page of those whom an account follows, as far as the viewer and they aren't apart."""
        return await self.page(page, Follow.follower == account, _ACCEPTED, ~apart(viewer, Follow.followee))

    async def mutuals(self, page: PageFilter, account: UUID) -> Page[Follow]:
        """Return a page of those whom an account follows and who follow it."""
        back = aliased(Follow)
        follows_back = exists().where(
            back.follower == Follow.followee, back.followee == account, back.state == "accepted"
        )
        return await self.page(page, Follow.follower == account, _ACCEPTED, follows_back)

    async def requests(self, page: PageFilter, account: UUID) -> Page[Follow]:
        """Return a page of the requests that wait for an account's answer."""
        return await self.page(page, Follow.followee == account, _REQUESTED)

    async def requests_sent(self, page: PageFilter, account: UUID) -> Page[Follow]:
        """Return a page of the requests of an account that wait for others' answers."""
        return await self.page(page, Follow.follower == account, _REQUESTED)

    async def told(self, after: tuple[UUID, UUID] | None, most: int) -> Sequence[Any]:
        """Return accepted follows in the order of their pairs: `follower`, `followee`, and the follower's `version`."""
        pair = tuple_(Follow.follower, Follow.followee)
        told = select(Follow.follower, Follow.followee, Account.version).join(Account, Account.id == Follow.follower)
        if after is not None:
            told = told.where(pair > after)
        return (await self.session.execute(told.where(_ACCEPTED).order_by(pair).limit(most))).all()

    async def relations(self, viewer: UUID, accounts: Collection[UUID]) -> Sequence[Any]:
        """Return people, their counts, and how they and the viewer stand to each other; without those unknown here."""
        mine, theirs = aliased(Follow), aliased(Follow)
        statement = (
            select(
                Person.id,
                Person.deleted,
                Person.private,
                func.coalesce(Account.followers, 0).label("followers"),
                func.coalesce(Account.following, 0).label("following"),
                func.coalesce(mine.state, "none").label("i_follow"),
                func.coalesce(theirs.state, "none").label("follows_me"),
                blocks(viewer, Person.id).label("blocked"),
                blocks(Person.id, viewer).label("blocks_me"),
                exists().where(Mute.account == viewer, Mute.other == Person.id).label("muted"),
            )
            .outerjoin(Account, Account.id == Person.id)
            .outerjoin(mine, (mine.follower == viewer) & (mine.followee == Person.id))
            .outerjoin(theirs, (theirs.follower == Person.id) & (theirs.followee == viewer))
            .where(Person.id.in_(accounts))
        )
        return (await self.session.execute(statement)).all()

    async def friends_of_friends(self, viewer: UUID, limit: int) -> Sequence[Any]:
        """Return friends' friends: `id`, and `common`, how many friends follow them; the most common first."""
        return (await self.session.execute(FRIENDS_OF_FRIENDS, {"viewer": viewer, "rows": limit})).all()

    async def most_followed(self, viewer: UUID, limit: int) -> Sequence[UUID]:
        """Return people with the most followers whom a viewer doesn't follow."""
        return (await self.session.scalars(MOST_FOLLOWED, {"viewer": viewer, "rows": limit})).all()
