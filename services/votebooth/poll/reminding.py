"""Whom others may remind of a poll that closes soon: those who may vote in it, and haven't.

Where nobody is told who has voted, in anonymous polls and in those with a minimum, all who may vote are named alike.
So they are in polls that tell voters apart by network: there an account can't be told from its neighbours.
"""

from collections.abc import Sequence
from uuid import UUID

from services.core.data.models import utc_now
from services.core.kit import Kit
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.repository import voted_among
from services.votebooth.settings import VoteBoothSettings


class Reminding:
    """Answers services that remind people."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, audience: Audience) -> None:
        self._kit = kit
        self._projection = projection
        self._audience = audience

    async def among(self, poll_id: UUID, accounts: Sequence[UUID]) -> list[UUID]:
        """Return those of some users who are to be reminded of a poll, in their order.

        Raises:
            Problem: 404 if there is no such poll, 503 if Polls must be asked and doesn't answer.
        """
        rules = await self._projection.fresh(poll_id)
        poll, now = rules.definition, utc_now()
        over = poll.deleted or poll.archived_at is not None or (poll.ends_at is not None and poll.ends_at <= now)
        # With a voting token nobody votes by their account; the roll's addresses get mails.
        if over or poll.opens_at > now or rules.by_token:
            return []
        wanted = list(accounts)
        if poll.asks_follow:
            following = {
                follower for follower, _ in await self._audience.following([(one, poll.owner) for one in wanted])
            }
            wanted = [account for account in wanted if account in following]
        if not poll.tells_who_voted or rules.by_network:
            return wanted
        async with self._kit.db.reading() as session:
            voted = await voted_among(session, poll_id, [account.bytes for account in wanted])
        return [account for account in wanted if account.bytes not in voted]
