"""Voting tokens: made in bulk for the owner to hand out."""

from uuid import UUID

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import Problem, conflict, not_found, not_the_owner, over_quota
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import hash_token, new_token
from services.votebooth.roll import repository
from services.votebooth.settings import VoteBoothSettings


class VotingTokens:
    """What owners of polls by token do."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection) -> None:
        self._kit = kit
        self._projection = projection

    async def issue(self, subject: Subject, poll_id: UUID, count: int) -> list[str]:
        """Make voting tokens and return them; only their hashes are stored.

        Raises:
            Problem: 403, 404, 409 if the poll doesn't take tokens, 429 if it has as many as it may.
        """
        await self.own_poll(subject, poll_id, "tokens")
        most = self._kit.settings.tokens_per_poll
        tokens = [new_token() for _ in range(count)]
        async with self._kit.db.transaction() as session:
            made = await repository.count_credentials(session, poll_id)
            if made + count > most:
                raise over_quota(f"A poll may have {most:,} voting tokens; this one has {made:,}.")
            await repository.add_credentials(session, poll_id, [hash_token(token) for token in tokens])
            await AuditRepository(session).record("tokens.issued", subject.id, {"count": count}, poll_id=poll_id)
        return tokens

    async def code_of(self, poll_id: UUID) -> str:
        """Return the code of a poll's link.

        Raises:
            Problem: 404 or 503.
        """
        return await self._projection.code_of(poll_id)

    async def own_poll(self, subject: Subject, poll_id: UUID, eligibility: str) -> PollRules:
        """Return a poll's rules if the subject may give out its tokens.

        Raises:
            Problem: 403, 404, or 409 if the poll has another eligibility.
        """
        await self._projection.rules(poll_id)
        rules = await self._projection.fresh(poll_id)
        if rules.deleted:
            raise not_found("poll")
        if rules.definition.owner != subject.id:
            raise not_the_owner()
        if rules.definition.eligibility != eligibility:
            raise _another(rules, eligibility)
        return rules


def _another(rules: PollRules, wanted: str) -> Problem:
    return conflict(
        "eligibility", f"This needs a poll with eligibility '{wanted}'; this one has '{rules.definition.eligibility}'."
    )
