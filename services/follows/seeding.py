"""Who follows whom in a place that is filled for development."""

from collections import Counter
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.repository import add_missing
from services.core.ids import id_at
from services.core.seeding import Follows as Followed
from services.core.seeding import Network, Tell, parts
from services.follows.events import FollowChanged
from services.follows.models import Account, Follow
from services.follows.service import Follows

_AT_ONCE = 500


async def seed_follows(follows: Follows, network: Network, tell: Tell) -> None:
    """Let people follow people; nobody of them is private."""
    for some in parts(network.follows(), _AT_ONCE):
        async with follows.kit.db.transaction() as session:
            versions = await _add(session, some)
        events = [
            FollowChanged(follower=one.follower, followee=followee, state="accepted", version=versions[one.follower])
            for one in some
            for followee, _ in one.followees
        ]
        await tell(events, done=len(events))


async def _add(session: AsyncSession, some: list[Followed]) -> dict[UUID, int]:
    """Add those follows that are missing, and count them; return the followers' versions."""
    followers = [one.follower for one in some]
    accounts = {*followers, *(followee for one in some for followee, _ in one.followees)}
    await _lock(session, accounts)
    pairs = select(Follow.follower, Follow.followee).where(Follow.follower.in_(followers))
    known = {(row[0], row[1]) for row in await session.execute(pairs)}
    new: list[dict[str, Any]] = [
        {"follower": one.follower, "followee": followee, "state": "accepted", "ordinal": id_at(at), "at": at}
        for one in some
        for followee, at in one.followees
        if (one.follower, followee) not in known
    ]
    await add_missing(session, Follow, new)
    following, followed = Counter[UUID](row["follower"] for row in new), Counter[UUID](row["followee"] for row in new)
    changed = sorted(following.keys() | followed.keys())
    if changed:
        more = {"following": [following[one] for one in changed], "followers": [followed[one] for one in changed]}
        await session.execute(_COUNT, {"accounts": changed, **more})
    rows = await session.execute(select(Account.id, Account.version).where(Account.id.in_(followers)))
    return {row.id: row.version for row in rows}


_TABLE: Any = Account.__table__
_MORE = (
    func.unnest(
        bindparam("accounts", type_=ARRAY(Uuid())),
        bindparam("following", type_=ARRAY(Integer())),
        bindparam("followers", type_=ARRAY(Integer())),
    )
    .table_valued(column("account", Uuid()), column("following", Integer()), column("followers", Integer()))
    .render_derived("more")
)
_COUNT = (
    update(_TABLE)
    .where(_TABLE.c.id == _MORE.c.account)
    .values(
        following=_TABLE.c.following + _MORE.c.following,
        followers=_TABLE.c.followers + _MORE.c.followers,
        version=_TABLE.c.version + _MORE.c.following + _MORE.c.followers,
    )
)


async def _lock(session: AsyncSession, accounts: Collection[UUID]) -> None:
    ids = sorted(accounts)
    await add_missing(session, Account, [{"id": account} for account in ids])
    await session.execute(select(Account.id).where(Account.id.in_(ids)).order_by(Account.id).with_for_update())
