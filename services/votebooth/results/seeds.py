"""The seed of a poll's tie-break order.

Whoever knows a seed beforehand can name an option so that it wins ties. So what decides is fixed by the end: a
hash of the list of receipts as it is when the poll is over. Until then results are shown with the poll's id for
a seed, and say that it is provisional.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from services.core.kit import Kit
from services.votebooth.results import repository
from services.votebooth.results.state import State
from services.votebooth.settings import VoteBoothSettings

_PAGE = 10_000
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed, and where it comes from.

    Attributes:
        text: What the order is made with.
        receipts: The digest of the list of receipts, hexadecimal; None while the seed is provisional.
    """

    text: str
    receipts: str | None = None


def provisional(poll_id: UUID) -> Seed:
    """Return the seed of a poll that isn't over: its id, 32 hexadecimal digits."""
    return Seed(poll_id.hex)


def final(poll_id: UUID, digest: bytes) -> Seed:
    """Return the seed of a poll that is over: SHA-256 of its id's 16 bytes and the digest, 64 hexadecimal digits.

    Args:
        poll_id: The poll.
        digest: SHA-256 of all receipts' bytes, one after the other in the order of the list.
    """
    return Seed(hashlib.sha256(poll_id.bytes + digest).hexdigest(), digest.hex())


class Seeds:
    """Finds polls' seeds; that of a poll that is over is made once and kept with its counters."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._known: dict[tuple[UUID, int], Seed] = {}

    async def of(self, state: State) -> Seed:
        """Return the seed of a poll that was just read."""
        poll = state.poll
        if not state.is_over:
            return provisional(poll.poll)
        key = (poll.poll, poll.version)
        seed = self._known.get(key)
        if seed is None:
            seed = final(poll.poll, await self._digest(state))
            self._known[key] = seed
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        return seed

    async def _digest(self, state: State) -> bytes:
        """Return the digest of a poll's receipts, of which none can come any more."""
        poll = state.poll
        async with self._kit.db.reading() as session:
            kept = await repository.receipts_digest(session, poll.poll, poll.version)
        if kept is not None:
            return kept
        digest, after, more = hashlib.sha256(), b"", True
        while more:  # a page is a statement of its own: a long list holds no connection
            async with self._kit.db.reading() as session:
                page = await repository.receipts(session, poll.poll, after, _PAGE, anonymous=poll.anonymous)
            digest.update(b"".join(page))
            more = len(page) == _PAGE
            after = page[-1] if page else after
        async with self._kit.db.transaction() as session:
            await repository.keep_receipts_digest(session, poll.poll, poll.version, digest.digest())
        return digest.digest()
