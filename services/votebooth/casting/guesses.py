"""Guesses: voting tokens that aren't a poll's, and polls that don't exist. Each costs a look into the database.

Nobody finds a token of 128 bits; but who tries many makes work. They are counted in this process, since to ask
Redis would cost every voter what it saves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from services.core.network import site
from services.core.problems import Problem, too_many
from services.core.redis.rate_limit import LocalLimiter
from services.votebooth.poll.voters import Claim

_SECONDS = 60.0
_OF_SUBJECT = 30
_OF_ADDRESS = 3_000
"""Far more: a school may share one. When it is used up, only those are refused who have guessed wrong themselves, so
that whoever tries from there doesn't keep the others from voting."""


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
        (subject, of_subject), (address, of_address) = _keys(claim)
        left = self._limiter.hit(subject, of_subject, _SECONDS, 0).remaining
        if left < of_subject and self._limiter.hit(address, of_address, _SECONDS, 0).remaining < 1:
            left = 0
        if left < 1:
            raise too_many("Too many wrong tokens or unknown polls. Wait a moment.", _SECONDS / of_subject)
        try:
            yield
        except Problem as problem:
            if problem.status == status:
                for key, limit in _keys(claim):
                    self._limiter.hit(key, limit, _SECONDS)
            raise


def _keys(claim: Claim) -> tuple[tuple[str, int], tuple[str, int]]:
    return (str(claim.subject.id), _OF_SUBJECT), (f"at:{site(claim.address())}", _OF_ADDRESS)
