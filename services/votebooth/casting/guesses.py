"""Guesses: voting tokens that aren't a poll's, and polls that don't exist. Each costs a look into the database.

Nobody finds a token of 128 bits; but who tries many makes work. They are counted in this process, since to ask
Redis would cost every voter what it saves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from services.core.problems import Problem, too_many
from services.core.redis.rate_limit import LocalLimiter
from services.votebooth.poll.voters import Claim

_SECONDS = 60.0
_OF_SUBJECT = 30
_OF_ADDRESS = 3_000
"""Far more: a school may share one, and whoever tries from there must not keep the others from voting."""


class Guesses:
    """Counts what came to nothing, by subject and by address."""

    def __init__(self) -> None:
        self._limiter = LocalLimiter()

    @contextmanager
    def guarding(self, claim: Claim, status: int) -> Iterator[None]:
        """Let somebody look, unless too much came to nothing of late; a problem of this status is counted.

        Raises:
            Problem: 429, and what comes out of the looking.
        """
        for key, limit in _keys(claim):
            decision = self._limiter.hit(key, limit, _SECONDS, 0)
            if decision.remaining < 1:
                raise too_many("Too many wrong tokens or unknown polls. Wait a moment.", _SECONDS / limit)
        try:
            yield
        except Problem as problem:
            if problem.status == status:
                for key, limit in _keys(claim):
                    self._limiter.hit(key, limit, _SECONDS)
            raise


def _keys(claim: Claim) -> tuple[tuple[str, int], tuple[str, int]]:
    return (str(claim.subject.id), _OF_SUBJECT), (f"at:{claim.address()}", _OF_ADDRESS)
