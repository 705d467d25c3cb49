"""Following people."""

from typing import Literal
from uuid import UUID

from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import conflict, not_found, over_quota
from services.core.service import NoSettings
from services.follows.events import FollowChanged
from services.follows.models import Account, Follow
from services.follows.repository import AccountRepository, BlockRepository, FollowRepository, PersonRepository
from services.follows.service.steps import end_follow, refuse_if_blocked, require_other

MOST_FOLLOWED = 5_000
"""How many people one account may follow or ask to, together."""

MOST_WAITING = 1_000
"""How many requests may wait at one account. They are accepted in one transaction when it is made public."""


class Following:
    """Following, unfollowing, removing a follower."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def follow(self, subject: Subject, account: UUID) -> None:
        """Follow somebody, or ask to if their account is private; again, it does nothing.

        Raises:
            Problem: 403 for guests, 404 for somebody who isn't there or blocks the subject, 409 for somebody whom the
                subject blocks, 422 for oneself, 429 for one too many.
        """
        subject.require_user()
        await require_other(self._people, subject, account, "follow")
        async with self._db.transaction() as session:
            followee = await PersonRepository(session).hold(account)
            if followee.deleted:
                raise not_found("person")
            accounts = AccountRepository(session)
            locked = await accounts.lock([subject.id, account])
            if await BlockRepository(session).between(subject.id, account):
                raise conflict("you-block-them", "You block this person. Unblock them first.")
            await refuse_if_blocked(session, subject, account)
            follows = FollowRepository(session)
            if await follows.state(subject.id, account) is not None:
                return
            _check_room(locked[subject.id], locked[account], private=followee.private)
            state: Literal["requested", "accepted"]
            if followee.private:
                state = "requested"
                version = await accounts.change(subject.id, requests_sent=1)
                await accounts.change(account, requests=1)
            else:
                state = "accepted"
                version = await accounts.change(subject.id, following=1)
                await accounts.change(account, followers=1)
            await follows.add(Follow(follower=subject.id, followee=account, state=state))
            await publish(session, FollowChanged(follower=subject.id, followee=account, state=state, version=version))

    async def unfollow(self, subject: Subject, account: UUID) -> None:
        """Follow somebody no longer, or withdraw a request; where there is none, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        await self._end(subject.id, account)

    async def remove(self, subject: Subject, follower: UUID) -> None:
        """End that somebody follows the subject, or decline their request; where there is none, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        await self._end(follower, subject.id)

    async def _end(self, follower: UUID, followee: UUID) -> None:
        async with self._db.transaction() as session:
            if await FollowRepository(session).state(follower, followee) is None:
                return  # whoever is named may be nobody, who has no counts
            await AccountRepository(session).lock([follower, followee])
            await end_follow(session, follower, followee)


def _check_room(follower: Account, followee: Account, *, private: bool) -> None:
    if follower.following + follower.requests_sent >= MOST_FOLLOWED:
        raise over_quota(f"One account may follow {MOST_FOLLOWED:,} people, those whom it has asked included.")
    if private and followee.requests >= MOST_WAITING:
        raise over_quota("Too many people wait for this person's answer already.")
