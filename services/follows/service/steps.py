"""What several use cases do in their transactions. Accounts are locked before."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.people import People, PersonView
from services.core.problems import not_found, refused
from services.follows.events import FollowChanged
from services.follows.repository import AccountRepository, BlockRepository, FollowRepository


async def require_other(people: People, subject: Subject, account: UUID, act: str) -> PersonView:
    """Return somebody else than the subject.

    Args:
        people: Where they are looked up.
        subject: A user.
        account: Who is meant.
        act: What the subject wants to do with them, for people.

    Raises:
        Problem: 404 if there is no such person, 422 for oneself.
        PeerError: Nobody can tell.
    """
    if account == subject.id:
        raise refused("not-oneself", f"You can't {act} yourself.")
    person = await people.find(account)
    if person is None or person.deleted:
        raise not_found("person")
    return person


async def refuse_if_blocked(session: AsyncSession, subject: Subject, account: UUID) -> None:
    """Refuse what is to be done with somebody who blocks the subject, as if there were no such person.

    Raises:
        Problem: 404.
    """
    if await BlockRepository(session).between(account, subject.id):
        raise not_found("person")


async def end_follow(session: AsyncSession, follower: UUID, followee: UUID) -> None:
    """End a follow or withdraw a request, if there is one."""
    state = await FollowRepository(session).end(follower, followee)
    if state is None:
        return
    accounts = AccountRepository(session)
    if state == "accepted":
        version = await accounts.change(follower, following=-1)
        await accounts.change(followee, followers=-1)
    else:
        version = await accounts.change(follower, requests_sent=-1)
        await accounts.change(followee, requests=-1)
    await publish(session, FollowChanged(follower=follower, followee=followee, state="ended", version=version))


async def accept_requests(session: AsyncSession, followee: UUID, followers: Sequence[UUID]) -> None:
    """Accept the requests of some who ask to follow an account, as far as they still do."""
    accepted = await FollowRepository(session).accept(followee, followers)
    if not accepted:
        return
    accounts = AccountRepository(session)
    versions = await accounts.change_all(accepted, requests_sent=-1, following=1)
    await accounts.change(followee, requests=-len(accepted), followers=len(accepted))
    for follower in accepted:
        event = FollowChanged(follower=follower, followee=followee, state="accepted", version=versions[follower])
        await publish(session, event)
