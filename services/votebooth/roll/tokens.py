"""Voting tokens: made in bulk for the owner to hand out."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import already_done, key_used, over_quota
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

    async def issue(self, subject: Subject, poll_id: UUID, count: int, key: str | None = None) -> list[str]:
        """Make voting tokens and return them; only their hashes are stored.

        Args:
            subject: The poll's owner.
            poll_id: The poll.
            count: How many.
            key: The request's idempotency key.

        Raises:
            Problem: 403, 404, 409 if the poll doesn't take tokens or the key has made some before, 429 if it has as
                many as it may.
        """
        most = self._kit.settings.tokens_per_poll
        tokens = [new_token() for _ in range(count)]
        async with self._own.adding(subject, poll_id, "tokens") as (session, _):
            if key is not None:
                await _check_key(session, poll_id, count, key)
            made = await repository.count_credentials(session, poll_id)
            if made + count > most:
                raise over_quota(f"A poll may have {most:,} voting tokens; this one has {made:,}.")
            await repository.add_credentials(session, poll_id, [hash_token(token) for token in tokens])
            await AuditRepository(session).record("tokens.issued", subject.id, {"count": count}, poll_id=poll_id)
        return tokens


async def _check_key(session: AsyncSession, poll_id: UUID, count: int, key: str) -> None:
    """Take an idempotency key for new tokens; the poll is held, so two of the same come one after the other."""
    made = await repository.batch_of(session, poll_id, key)
    if made is None:
        await repository.add_batch(session, poll_id, key, count)
    elif made != count:
        raise key_used("number of tokens")
    else:
        raise already_done(
            f"This Idempotency-Key has made {made:,} tokens, which are told once. If you don't have them, make others: "
            "nobody votes with those."
        )
