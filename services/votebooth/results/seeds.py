"""Finding polls' seeds (`seed.py`) and keeping what they are made of."""

import hashlib
from uuid import UUID

from services.core.kit import Kit
from services.core.problems import unavailable
from services.votebooth.poll.voters import Keyring
from services.votebooth.results import repository
from services.votebooth.results.seed import Seed, final, provisional
from services.votebooth.results.state import State
from services.votebooth.settings import VoteBoothSettings

_PAGE = 10_000
_REMEMBERED = 10_000


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
