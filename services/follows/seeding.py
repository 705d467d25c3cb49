"""Who follows whom in a place that is filled for development."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.repository import add_missing
from services.core.ids import id_at
from services.core.seeding import Follows as Followed
from services.core.seeding import Network, Tell, parts
from services.follows.events import BlockChanged, FollowChanged
from services.follows.models import Account, Block, Follow
from services.follows.service import Follows

_AT_ONCE = 250


_COUNTS = ("following", "followers", "requests", "requests_sent", "blocks")


async def seed_blocks(follows: Follows, network: Network, tell: Tell) -> None:
    """Let people block people who have nothing to do with each other yet."""
    for some in parts(network.blocks(), _AT_ONCE):
        accounts = {one.account for one in some}
        async with follows.kit.db.transaction() as session:
            await _lock(session, accounts | {one.other for one in some})
            pairs = select(Block.account, Block.other).where(Block.account.in_(accounts))
            known = {(row[0], row[1]) for row in await session.execute(pairs)}
            new = [one for one in some if (one.account, one.other) not in known]
            await add_missing(session, Block, [{**one._asdict(), "ordinal": id_at(one.at)} for one in new])
            await _count(session, {"blocks": Counter(one.account for one in new)})
            versions = await _versions(session, accounts)
        events = [
            BlockChanged(account=one.account, other=one.other, blocked=True, version=versions[one.account])
            for one in some
        ]
        await tell(events, done=len(events))


async def seed_follows(follows: Follows, network: Network, tell: Tell) -> None:
    """Let people follow people, and ask those who are private. Requests aren't among the numbers of what is done."""
    for some in parts(network.follows(), _AT_ONCE):
        async with follows.kit.db.transaction() as session:
            versions = await _add(session, some)
        events = [
            FollowChanged(follower=one.follower, followee=followee, state=state, version=versions[one.follower])
            for one in some
            for followee, state, _ in _wanted(one)
        ]
        await tell(events, done=sum(len(one.followees) for one in some))


def _wanted(one: Followed) -> list[tuple[UUID, Literal["accepted", "requested"], datetime]]:
    wanted: list[tuple[UUID, Literal["accepted", "requested"], datetime]] = []
    for followee, at in one.followees:
        wanted.append((followee, "accepted", at))
    for followee, at in one.asked:
        wanted.append((followee, "requested", at))
    return wanted


async def _add(session: AsyncSession, some: list[Followed]) -> dict[UUID, int]:
    """Add those follows and requests that are missing, and count them; return the followers' versions."""
    followers = [one.follower for one in some]
    accounts = {*followers, *(followee for one in some for followee, _, _ in _wanted(one))}
    await _lock(session, accounts)
    pairs = select(Follow.follower, Follow.followee).where(Follow.follower.in_(followers))
    known = {(row[0], row[1]) for row in await session.execute(pairs)}
    new: list[dict[str, Any]] = [
        {"follower": one.follower, "followee": followee, "state": state, "ordinal": id_at(at), "at": at}
        for one in some
        for followee, state, at in _wanted(one)
        if (one.follower, followee) not in known
    ]
    await add_missing(session, Follow, new)
    accepted = [row for row in new if row["state"] == "accepted"]
    requested = [row for row in new if row["state"] == "requested"]
    counts = {
        "following": Counter(row["follower"] for row in accepted),
        "followers": Counter(row["followee"] for row in accepted),
        "requests_sent": Counter(row["follower"] for row in requested),
        "requests": Counter(row["followee"] for row in requested),
    }
    await _count(session, counts)
    return await _versions(session, followers)


async def _versions(session: AsyncSession, accounts: Collection[UUID]) -> dict[UUID, int]:
    rows = await session.execute(select(Account.id, Account.version).where(Account.id.in_(accounts)))
    return {row.id: row.version for row in rows}


async def _count(session: AsyncSession, counts: Mapping[str, Counter[UUID]]) -> None:
    """Add to the counts of accounts, by the counts' names."""
    changed = sorted({account for counter in counts.values() for account in counter})
    if changed:
        more = {name: [counts.get(name, _NOTHING)[one] for one in changed] for name in _COUNTS}
        await session.execute(_COUNT, {"accounts": changed, **more})


_NOTHING = Counter[UUID]()
_TABLE: Any = Account.__table__
_MORE = (
    func.unnest(
        bindparam("accounts", type_=ARRAY(Uuid())), *(bindparam(name, type_=ARRAY(Integer())) for name in _COUNTS)
    )
    .table_valued(column("account", Uuid()), *(column(name, Integer()) for name in _COUNTS))
    .render_derived("more")
)
_COUNT = (
    update(_TABLE)
    .where(_TABLE.c.id == _MORE.c.account)
    .values(
        {name: _TABLE.c[name] + _MORE.c[name] for name in _COUNTS}
        | {"version": sum((_MORE.c[name] for name in _COUNTS), _TABLE.c.version)}
    )
)


async def _lock(session: AsyncSession, accounts: Collection[UUID]) -> None:
    ids = sorted(accounts)
    await add_missing(session, Account, [{"id": account} for account in ids])
    await session.execute(select(Account.id).where(Account.id.in_(ids)).order_by(Account.id).with_for_update())
