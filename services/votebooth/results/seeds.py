"""The seed of a poll's tie-break order.

Whoever knows a seed beforehand can name an option so that it wins ties, and whoever can compute what it would be
can cast and withdraw until it suits them. So what decides is fixed by the end, and nobody can compute it before: a
hash of the list of receipts as it is when the poll is over, and of a salt of the server's. The salt is fixed when the
poll is published; its hash, the commitment, is public from then on, and the salt itself once the poll is over.

Until then results are shown with the poll's id for a seed, and say that it is provisional.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from services.core.kit import Kit
from services.core.problems import unavailable
from services.votebooth.poll.voters import Keyring
from services.votebooth.results import repository
from services.votebooth.results.state import State
from services.votebooth.settings import VoteBoothSettings

_PAGE = 10_000
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed, and where it comes from; all but the text are hexadecimal.

    Attributes:
        text: What the order is made with.
        receipts: The digest of the list of receipts; None while the seed is provisional.
        commitment: SHA-256 of the salt; None in polls that were over before there were salts.
        salt: The salt; None while the seed is provisional, and where there is no commitment.
    """

    text: str
    receipts: str | None = None
    commitment: str | None = None
    salt: str | None = None


UNTOLD = Seed("")


def provisional(poll_id: UUID, salt: bytes | None = None) -> Seed:
    """Return the seed of a poll that isn't over: its id, 32 hexadecimal digits. Of the salt it tells the commitment."""
    return Seed(poll_id.hex, commitment=commitment(salt))


def final(poll_id: UUID, digest: bytes, salt: bytes | None = None) -> Seed:
    """Return the seed of a poll that is over: SHA-256 of its id's 16 bytes, the digest and the salt, hexadecimal.

    Args:
        poll_id: The poll.
        digest: SHA-256 of all receipts' bytes, one after the other in the order of the list.
        salt: 32 bytes; None in polls that were over before there were salts, whose seed stays what it was.
    """
    text = hashlib.sha256(poll_id.bytes + digest + (salt or b"")).hexdigest()
    return Seed(text, digest.hex(), commitment(salt), None if salt is None else salt.hex())


def commitment(salt: bytes | None) -> str | None:
    """Return what binds the server to a salt without telling it: SHA-256 of its bytes, hexadecimal."""
    return None if salt is None else hashlib.sha256(salt).hexdigest()


class Seeds:
    """Finds polls' seeds; what that of a poll that is over is made of is kept with its counters, and stays."""

    def __init__(self, kit: Kit[VoteBoothSettings], keyring: Keyring) -> None:
        self._kit = kit
        self._keyring = keyring
        self._known: dict[tuple[UUID, int], Seed] = {}

    async def of(self, state: State) -> Seed:
        """Return the seed of a poll that was just read.

        Raises:
            Problem: 503 if the poll has changed meanwhile.
        """
        poll = state.poll
        if not state.is_over:
            return provisional(poll.poll, self._salt(state))
        key = (poll.poll, poll.version)
        seed = self._known.get(key)
        if seed is None:
            seed = final(poll.poll, *await self._parts(state))
            self._known[key] = seed
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        return seed

    def _salt(self, state: State) -> bytes | None:
        nonce = state.salt_nonce
        return None if nonce is None else self._keyring.salt(state.poll.poll.bytes, nonce.bytes)

    async def _parts(self, state: State) -> tuple[bytes, bytes | None]:
        """Return the digest of a poll's receipts, of which none can come any more, and its salt.

        They are kept before anybody sees them: a salt that was shown is never used in a poll that is open again.
        """
        poll = state.poll
        async with self._kit.db.reading() as session:
            kept = await repository.seed_parts(session, poll.poll, poll.version)
        if kept is None:
            digest = await self._digest(state)
            async with self._kit.db.transaction() as session:
                kept = await repository.keep_seed_parts(session, poll.poll, poll.version, digest, self._salt(state))
        if kept is None:
            raise unavailable("The poll has changed while it was read. Try again.")
        return kept

    async def _digest(self, state: State) -> bytes:
        poll = state.poll
        digest, after, more = hashlib.sha256(), b"", True
        while more:  # a page is a statement of its own: a long list holds no connection
            async with self._kit.db.reading() as session:
                page = await repository.receipts(session, poll.poll, after, _PAGE, anonymous=poll.anonymous)
            digest.update(b"".join(page))
            more = len(page) == _PAGE
            after = page[-1] if page else after
        return digest.digest()
