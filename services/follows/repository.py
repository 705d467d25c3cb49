"""Every SQL statement of Follows.

Locks are taken in one order: the person who is followed, then the accounts concerned by their ids, then tags by their
names.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Uuid,
    bindparam,
    column,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import new_id
from services.core.personal import Part
from services.follows.models import Account, Block, Follow, Mute, Person, Tag, TagFollow

MarkT = TypeVar("MarkT", Block, Mute)

FOLLOWERS = Keyset("followers", Follow.ordinal)
FOLLOWING = Keyset("following", Follow.ordinal)
MUTUALS = Keyset("mutuals", Follow.ordinal)
REQUESTS = Keyset("requests", Follow.ordinal)
REQUESTS_SENT = Keyset("requests-sent", Follow.ordinal)
BLOCKS = Keyset("blocks", Block.ordinal)
MUTES = Keyset("mutes", Mute.ordinal)
TAGS = Keyset("followed-tags", TagFollow.ordinal)

_FRIENDS = 100
_FRIENDS_EACH = 100
"""Suggestions look at so many whom one follows, and at so many whom each of these follows: 10,000 rows at most."""

_IDS = ARRAY(Uuid())
_ACCEPTED = Follow.state == "accepted"
_REQUESTED = Follow.state == "requested"


def _blocks(account: Any, other: Any) -> ColumnElement[bool]:
    return exists().where(Block.account == account, Block.other == other)


def _apart(viewer: UUID, column: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks somebody, or the other way round."""
    return or_(_blocks(viewer, column), _blocks(column, viewer))


def _new_to(viewer: UUID, account: Any) -> tuple[ColumnElement[bool], ...]:
    """Say whether somebody may be suggested to a viewer, who has nothing to do with them so far."""
    return (
        account != viewer,
        ~exists().where(Follow.follower == viewer, Follow.followee == account),
        ~_apart(viewer, account),
        ~exists().where(Mute.account == viewer, Mute.other == account),
        exists().where(Person.id == account, Person.deleted.is_(False)),
    )


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
        return await self.page(page, Follow.followee == account, _ACCEPTED, ~_apart(viewer, Follow.follower))

    async def following(self, page: PageFilter, account: UUID, viewer: UUID) -> Page[Follow]:
        """Return a page of those whom an account follows, as far as the viewer and they aren't apart."""
        return await self.page(page, Follow.follower == account, _ACCEPTED, ~_apart(viewer, Follow.followee))

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
                _blocks(viewer, Person.id).label("blocked"),
                _blocks(Person.id, viewer).label("blocks_me"),
                exists().where(Mute.account == viewer, Mute.other == Person.id).label("muted"),
            )
            .outerjoin(Account, Account.id == Person.id)
            .outerjoin(mine, (mine.follower == viewer) & (mine.followee == Person.id))
            .outerjoin(theirs, (theirs.follower == Person.id) & (theirs.followee == viewer))
            .where(Person.id.in_(accounts))
        )
        return (await self.session.execute(statement)).all()

    async def friends_of_friends(self, viewer: UUID, limit: int) -> Sequence[Any]:
        """Return friends' friends: `id`, and `common`, how many friends follow them; the most common first.

        Friends are whom the viewer follows. It looks at those whom they have followed last, and at the newest follows
        of each, so it costs the same however many there are.
        """
        newest = Follow.ordinal.desc()
        friends = (
            select(Follow.followee.label("friend")).where(Follow.follower == viewer, _ACCEPTED).order_by(newest)
        ).limit(_FRIENDS)
        friend = friends.subquery("friends")
        theirs = aliased(Follow)
        followed = (
            select(theirs.followee.label("id"))
            .where(theirs.follower == friend.c.friend, theirs.state == "accepted")
            .order_by(theirs.ordinal.desc())
            .limit(_FRIENDS_EACH)
            .lateral("followed")
        )
        common = func.count().label("common")
        counted = select(followed.c.id, common).join_from(friend, followed, true()).group_by(followed.c.id)
        near = counted.subquery("near")
        statement = select(near.c.id, near.c.common).where(*_new_to(viewer, near.c.id))
        return (await self.session.execute(statement.order_by(near.c.common.desc(), near.c.id).limit(limit))).all()

    async def most_followed(self, viewer: UUID, limit: int) -> Sequence[UUID]:
        """Return people with the most followers whom a viewer doesn't follow."""
        statement = select(Account.id).where(Account.followers > literal_column("0"), *_new_to(viewer, Account.id))
        return (
            await self.session.scalars(statement.order_by(Account.followers.desc(), Account.id.desc()).limit(limit))
        ).all()


class MarkRepository(Repository[MarkT]):
    """What accounts have decided about others."""

    async def some_of(self, account: UUID, most: int) -> Sequence[tuple[UUID, UUID]]:
        """Return who has decided this about whom, some of those that concern an account."""
        mark = self.model_type
        concerned = or_(mark.account == account, mark.other == account)
        rows = await self.session.execute(select(mark.account, mark.other).where(concerned).limit(most))
        return [(row[0], row[1]) for row in rows]

    async def between(self, account: UUID, other: UUID) -> bool:
        """Say whether an account has decided this about another one."""
        return await self.get_one_or_none(account=account, other=other) is not None

    async def remove(self, account: UUID, other: UUID) -> bool:
        """Take it back; say whether it was there."""
        removed = await self.delete_where(self.model_type.account == account, self.model_type.other == other)
        return bool(removed)


class BlockRepository(MarkRepository[Block]):
    """Blocks."""

    model_type = Block


class MuteRepository(MarkRepository[Mute]):
    """Mutes."""

    model_type = Mute

    async def seen(self, page: PageFilter, account: UUID) -> Page[Mute]:
        """Return a page of whom an account mutes, as far as they and it aren't apart."""
        return await self.page(page, Mute.account == account, ~_apart(account, Mute.other))


class TagRepository(Repository[Tag]):
    """Tags that somebody follows."""

    model_type = Tag

    async def gain(self, tag: str) -> None:
        """Count one follower more."""
        new = insert(Tag).values(name=tag, followers=1)
        more = {"followers": Tag.followers + 1}
        await self.session.execute(new.on_conflict_do_update(index_elements=["name"], set_=more))

    async def lose(self, tag: str) -> None:
        """Count one follower less; a tag goes with the last one."""
        await self.update_where(Tag.name == tag, values={"followers": Tag.followers - 1})
        await self.delete_where(Tag.name == tag, Tag.followers == 0)


class TagFollowRepository(Repository[TagFollow]):
    """Who follows which tags."""

    model_type = TagFollow

    async def start(self, account: UUID, tag: str) -> bool:
        """Let an account follow a tag; say whether it didn't."""
        return await self.add_or_ignore({"account": account, "tag": tag, "ordinal": new_id()}) is not None

    async def end(self, account: UUID, tags: Sequence[str]) -> list[str]:
        """Let an account follow tags no longer; return those that it did, in their order."""
        ended = await self.delete_where(TagFollow.account == account, TagFollow.tag.in_(tags))
        return sorted(row.tag for row in ended)

    async def some_of(self, account: UUID, most: int) -> Sequence[str]:
        """Return some of the tags that an account follows."""
        some = select(TagFollow.tag).where(TagFollow.account == account).order_by(TagFollow.tag).limit(most)
        return (await self.session.scalars(some)).all()

    async def relation(self, account: UUID, tag: str) -> tuple[int, bool]:
        """Return how many follow a tag, and whether an account does."""
        number = select(Tag.followers).where(Tag.name == tag).scalar_subquery()
        follows = exists().where(TagFollow.account == account, TagFollow.tag == tag)
        row = (await self.session.execute(select(func.coalesce(number, 0), follows))).one()
        return row[0], row[1]


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    following = select(Follow.followee, Follow.state, Follow.at).where(Follow.follower == account)
    followers = select(Follow.follower, Follow.state, Follow.at).where(Follow.followee == account)
    blocks = select(Block.other, Block.at).where(Block.account == account)
    mutes = select(Mute.other, Mute.at).where(Mute.account == account)
    tags = select(TagFollow.tag, TagFollow.at).where(TagFollow.account == account)
    return [
        Part("following", following, Follow.ordinal),
        Part("followers", followers, Follow.ordinal),
        Part("blocks", blocks, Block.ordinal),
        Part("mutes", mutes, Mute.ordinal),
        Part("tags", tags, TagFollow.ordinal),
    ]
