"""Voting tokens: made in bulk for the owner to hand out."""

from uuid import UUID

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import over_quota
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.poll.voters import hash_token, new_token
from services.votebooth.roll import repository
from services.votebooth.roll.preparing import OwnPolls
from services.votebooth.settings import VoteBoothSettings


class VotingTokens:
    """What owners of polls by token do."""

    def __init__(self, kit: Kit[VoteBoothSettings], own: OwnPolls) -> None:
        self._kit = kit
        self._own = own

    async def issue(self, subject: Subject, poll_id: UUID, count: int) -> list[str]:
        """Make voting tokens and return them; only their hashes are stored.

        Raises:
            Problem: 403, 404, 409 if the poll doesn't take tokens, 429 if it has as many as it may.
        """
        most = self._kit.settings.tokens_per_poll
        tokens = [new_token() for _ in range(count)]
        async with self._own.adding(subject, poll_id, "tokens") as (session, _):
            made = await repository.count_credentials(session, poll_id)
            if made + count > most:
                raise over_quota(f"A poll may have {most:,} voting tokens; this one has {made:,}.")
            await repository.add_credentials(session, poll_id, [hash_token(token) for token in tokens])
            await AuditRepository(session).record("tokens.issued", subject.id, {"count": count}, poll_id=poll_id)
        return tokens
