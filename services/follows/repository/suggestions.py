"""Whom somebody may want to follow. Each statement is put together once: that takes longer than its execution."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Uuid, bindparam, cast, func, literal_column, select, true
from sqlalchemy.orm import aliased

from services.core.data.repository import is_there
from services.follows.models import Account, Follow, Mute, Person
from services.follows.repository.apart import apart

_FRIENDS = literal_column("100", Integer())
_FRIENDS_EACH = literal_column("100", Integer())
"""It looks at so many whom one follows, and at so many whom each of these follows: 10,000 rows at most."""

_ONE = literal_column("1", Integer())
_VIEWER: Any = bindparam("viewer", type_=Uuid())
_ROWS: Any = bindparam("rows", type_=Integer())


def _new(account: Any) -> tuple[ColumnElement[bool], ...]:
    """Say whether somebody may be suggested to the viewer, who has nothing to do with them so far."""
    return (
        account != _VIEWER,
        ~is_there(Follow.follower == _VIEWER, Follow.followee == account),
        ~apart(_VIEWER, account),
        ~is_there(Mute.account == _VIEWER, Mute.other == account),
        # Of inequality Postgres assumes that nearly all meet it, as they do; see `is_there`.
        func.coalesce(_deleted(account), _ONE) != _ONE,
    )


def _deleted(account: Any) -> ColumnElement[int]:
    """Select whether an account is deleted, 1 or 0; nothing of one that is unknown."""
    return select(cast(Person.deleted, Integer())).where(Person.id == account).scalar_subquery()


def _friends_of_friends() -> Select[*tuple[Any, ...]]:
    """Select friends' friends: `id`, and `common`, how many friends follow them; the most common first.

    Friends are whom the viewer follows. It looks at those whom they have followed last, and at the newest follows of
    each, so it costs the same however many there are.
    """
    mine = (Follow.follower == _VIEWER, Follow.state == "accepted")
    friends = select(Follow.followee.label("friend")).where(*mine).order_by(Follow.ordinal.desc())
    friend = friends.limit(_FRIENDS).subquery("friends")
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
    statement = select(near.c.id, near.c.common).where(*_new(near.c.id))
    return statement.order_by(near.c.common.desc(), near.c.id).limit(_ROWS)


def _most_followed() -> Select[*tuple[Any, ...]]:
    """Select people with the most followers."""
    statement = select(Account.id).where(Account.followers > literal_column("0"), *_new(Account.id))
    return statement.order_by(Account.followers.desc(), Account.id.desc()).limit(_ROWS)


FRIENDS_OF_FRIENDS, MOST_FOLLOWED = _friends_of_friends(), _most_followed()
