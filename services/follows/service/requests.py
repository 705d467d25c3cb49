"""Requests to follow private accounts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import not_found
from services.core.service import NoSettings
from services.follows.repository import AccountRepository, FollowRepository, PersonRepository
from services.follows.service.steps import accept_requests, end_follow


class Requests:
    """Accepting and declining."""

    def __init__(self, kit: Kit[NoSettings]) -> None:
        self._db = kit.db

    async def accept(self, subject: Subject, follower: UUID) -> None:
        """Let somebody follow the subject who asks to; if they follow already, it does nothing.

        Raises:
            Problem: 403 for guests, 404 if nobody asks.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            if await FollowRepository(session).state(follower, subject.id) is None:
                raise not_found("request")
            await AccountRepository(session).lock([follower, subject.id])
            if await FollowRepository(session).state(follower, subject.id) is None:
                raise not_found("request")  # it was withdrawn meanwhile
            await accept_requests(session, subject.id, [follower])

    async def decline(self, subject: Subject, follower: UUID) -> None:
        """Decline a request; who isn't asking, or follows already, isn't touched.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            if await FollowRepository(session).state(follower, subject.id) is None:
                return  # whoever is named may be nobody, who has no counts
            await AccountRepository(session).lock([follower, subject.id])
            if await FollowRepository(session).state(follower, subject.id) == "requested":
                await end_follow(session, follower, subject.id)

    async def accept_if_public(self, session: AsyncSession, account: UUID) -> None:
        """Accept all who wait for an account that isn't private, or isn't any more.

        The person's row is locked by who changed it, and `Following.follow` waits for it: no request comes meanwhile.
        """
        person = await PersonRepository(session).get(account)
        if person.private or person.deleted:
            return
        asking = await FollowRepository(session).asking(account)
        if asking:
            await AccountRepository(session).lock([*asking, account])
            await accept_requests(session, account, asking)
