"""Erasing an account: whom it follows, who follows it, whom it blocks and mutes, and the other way round; its tags."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.personal import AT_ONCE
from services.follows.models import Account
from services.follows.repository import (
    AccountRepository,
    BlockRepository,
    FollowRepository,
    MuteRepository,
    TagFollowRepository,
    TagRepository,
)


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Erase some of what there is of an account, with the counts of others; say whether there may be more.

    Nobody is told: whoever keeps follows hears of the deletion.
    """
    accounts = AccountRepository(session)
    follows, blocks, mutes = FollowRepository(session), BlockRepository(session), MuteRepository(session)
    pairs = [(repository, await repository.some_of(account, AT_ONCE)) for repository in (follows, blocks, mutes)]
    await accounts.lock({account, *(one for _, some in pairs for pair in some for one in pair)})
    for follower, followee in pairs[0][1]:
        state = await follows.end(follower, followee)
        if state == "accepted":
            await accounts.change(follower, following=-1)
            await accounts.change(followee, followers=-1)
        elif state is not None:
            await accounts.change(follower, requests_sent=-1)
            await accounts.change(followee, requests=-1)
    for one, other in pairs[1][1]:
        if await blocks.remove(one, other):
            await accounts.change(one, blocks=-1)
    for one, other in pairs[2][1]:
        if await mutes.remove(one, other):
            await accounts.change(one, mutes=-1)
    followed = TagFollowRepository(session)
    tags = await followed.end(account, await followed.some_of(account, AT_ONCE))
    for tag in tags:
        await TagRepository(session).lose(tag)
    if tags or any(some for _, some in pairs):
        return True
    await accounts.delete_where(Account.id == account)
    return False
