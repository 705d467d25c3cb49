"""Who may know of a poll for followers, and who may vote where followers alone may.

Whoever follows somebody isn't blocked by them and doesn't block them: Follows ends follows when it makes a block, in
one transaction, and its events come in one order. So one look into who follows whom answers it, and only of such polls
it is taken: other polls cost nothing.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from services.core.kit import Kit
from services.core.problems import Problem, not_found
from services.votebooth.poll.definition import PollChanged
from services.votebooth.settings import VoteBoothSettings

FOLLOWING = """
SELECT follower, followee FROM unnest($1::uuid[], $2::uuid[]) AS t (follower, followee)
JOIN follow USING (follower, followee) WHERE accepted
"""
"""The pairs among some who follow each other, by two lists."""

Pair = tuple[UUID, UUID]
"""A follower and whom they follow."""


class Audience:
    """Answers from the projection of `follows.follow.changed`."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit

    async def following(self, pairs: Collection[Pair]) -> set[Pair]:
        """Return those of some pairs who are one and the same, or follow each other, with one statement at most."""
        others = [pair for pair in pairs if pair[0] != pair[1]]
        found = {pair for pair in pairs if pair[0] == pair[1]}
        if others:
            pool = await self._kit.db.pool()
            rows = await pool.fetch(FOLLOWING, [pair[0] for pair in others], [pair[1] for pair in others])
            found |= {(follower, followee) for follower, followee in rows}
        return found

    async def among(self, poll: PollChanged, accounts: Iterable[UUID | None]) -> set[UUID | None]:
        """Return those of some viewers who may know of a poll; None is a viewer without an account."""
        everybody = set(accounts)
        if not poll.for_followers:
            return everybody
        known = await self.following([(account, poll.owner) for account in everybody if account is not None])
        return {follower for follower, _ in known}

    async def followed(self, polls: Iterable[PollChanged], account: UUID | None) -> set[UUID]:
        """Return those owners of some polls that ask for it whom a viewer follows, or who the viewer is."""
        owners = {poll.owner for poll in polls if poll.asks_follow}
        if account is None:
            return set()
        return {owner for _, owner in await self.following([(account, owner) for owner in owners])}

    async def require(self, poll: PollChanged, account: UUID | None) -> None:
        """Refuse somebody who may not know of a poll as if there were none.

        Raises:
            Problem: 404.
        """
        if account not in await self.among(poll, [account]):
            raise not_found("poll")

    async def require_voter(self, poll: PollChanged, account: UUID) -> None:
        """Refuse somebody who may not know of a poll, or may not vote in it for not following its owner.

        Raises:
            Problem: 403, 404.
        """
        if poll.asks_follow and not await self.following([(account, poll.owner)]):
            raise not_a_follower(poll)


def not_a_follower(poll: PollChanged) -> Problem:
    """Return what somebody is told who doesn't follow the owner of a poll that asks for it."""
    if poll.for_followers:
        return not_found("poll")
    return Problem(
        403, "follow-needed", "This poll is for followers", "Only those who follow the poll's owner vote in it."
    )
