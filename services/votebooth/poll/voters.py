"""Who votes, as bytes: voters' keys, voting tokens, and the ids of anonymous ballots.

A voter's key is 16 bytes: the account's or guest's id; for polls that go by network a keyed hash of the
address; for polls that take voting tokens the first half of the token's SHA-256. In an anonymous poll the key
is hashed once more, with the poll and a secret key, so that it can be compared neither between polls nor with
a list of accounts by somebody who has the tables alone.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.core.identity.subject import Kind, Subject
from services.core.network import parsed
from services.core.problems import Problem, forbidden, not_for_guests, unavailable

if TYPE_CHECKING:
    from services.votebooth.poll.rules import PollRules

HASH_KEY = "hash-key"
"""Name of the secret that keyed hashes are made with. Changing it lets everybody vote again."""

TOKEN_HEADER = "Ballot-Token"  # noqa: S105  (a header's name)
SECRET_HEADER = "Ballot-Secret"  # noqa: S105  (a header's name)
VERSION_HEADER = "Poll-Version"
MAX_VERSION = 2**53 - 1
"""What every client can hold as a number."""


class Claim:
    """Who a request says it comes from.

    Attributes:
        subject: The verified identity.
        token: The voting token it brings along, if any.
        address: Says the client's address, when asked.
        version: The version of the poll that the voter was shown, as the header has it.
    """

    __slots__ = ("address", "subject", "token", "version")

    def __init__(
        self, subject: Subject, token: str | None, address: Callable[[], str], version: int | None = None
    ) -> None:
        self.subject = subject
        self.token = token
        self.address = address
        self.version = version

    def has_seen(self, version: int) -> bool:
        """Say whether the voter was shown this version of the poll or a newer one, as far as the request says."""
        return self.version is not None and self.version >= version


class Keyring:
    """Makes keys that need the secret key.

    Args:
        secret: The key; without one it has to be opened first.
    """

    def __init__(self, secret: str = "") -> None:
        self.open(secret)

    def open(self, secret: str) -> None:
        """Make keys with this secret from now on."""
        self._secret = secret.encode()
        self._receipt_key = hashlib.sha256(b"receipts" + self._secret).digest()

    def _hash(self, poll: bytes, purpose: bytes, what: bytes) -> bytes:
        return self._digest(poll, purpose, what)[:16]

    def _digest(self, poll: bytes, purpose: bytes, what: bytes) -> bytes:
        self._require_secret()
        return hmac.digest(self._secret, poll + purpose + what, "sha256")

    def _require_secret(self) -> None:
        if not self._secret:  # never with the empty key, which everybody knows
            raise unavailable("The key that identifies voters isn't available yet. Try again.")

    def identify(self, rules: "PollRules", claim: Claim) -> tuple[bytes, bytes | None]:
        """Return the voter's key in a poll, and the hash of the voting token if the poll takes one.

        Raises:
            Problem: 403 if the subject may not vote in this poll.
        """
        token_hash = None
        if rules.by_token:
            if not claim.token:
                raise Problem(
                    403,
                    "ballot-token-needed",
                    "This poll is for invited voters",
                    f"Send your voting token as '{TOKEN_HEADER}: …'.",
                )
            token_hash = hash_token(claim.token)
            key = token_hash[:16]
        elif claim.subject.kind is Kind.SERVICE:
            raise forbidden("Services don't vote.")
        elif rules.users_only and claim.subject.kind is not Kind.USER:
            raise not_for_guests("This poll is for signed-in voters. Create an account; it keeps a guest's votes.")
        elif rules.by_network:
            key = self._hash(rules.poll, b"network", network_of(claim.address()))
        else:
            key = claim.subject.id.bytes
        if rules.anonymous:
            key = self._hash(rules.poll, b"participation", key)
        return key, token_hash

    def caster(self, rules: "PollRules", claim: Claim) -> bytes | None:
        """Return what binds a network's ballot to the guest who cast it; None in polls that don't go by network."""
        return self._hash(rules.poll, b"caster", claim.subject.id.bytes) if rules.by_network else None

    def receipt(self, poll: bytes, key: bytes, caster: bytes | None) -> bytes:
        """Return the receipt of a voter's ballot in a named poll; the same one however often it is cast anew."""
        self._require_secret()
        # Each vote needs one, and an HMAC takes 3 µs more.
        return hashlib.blake2b(poll + key + (caster or b""), key=self._receipt_key, digest_size=16).digest()

    def salt(self, poll: bytes, nonce: bytes) -> bytes:
        """Return a poll's part of its tie-break seed, 32 bytes that nobody can tell who has the tables alone."""
        return self._digest(poll, b"salt", nonce)

    def place(self, poll: bytes, ballot: bytes) -> bytes:
        """Return where an anonymous ballot stands among others: a hash of its id that clients can't choose."""
        return self._hash(poll, b"place", ballot)

    def address(self, address: str) -> bytes:
        """Return what an address is known by that wants no reminders."""
        return self._hash(b"", b"unreminded", address.encode())

    def address_signature(self, key: bytes) -> bytes:
        """Return what shows that a link of an address's is ours."""
        return self._hash(b"", b"unsubscribe", key)

    def participation(self, poll: bytes, token_hash: bytes) -> bytes:
        """Return the key under which the holder of a voting token takes part in an anonymous poll."""
        return self._hash(poll, b"participation", token_hash[:16])


def network_of(address: str) -> bytes:
    """Return what counts as one network: an IPv4 address, or an IPv6 prefix of 64 bits."""
    found = parsed(address)
    if found is None:
        return address.encode()
    return found.packed if found.version == 4 else found.packed[:8]


def new_token() -> str:
    """Return a voting token: 128 random bits, as 22 characters."""
    return secrets.token_urlsafe(16)


def hash_token(token: str) -> bytes:
    """Return the hash under which a voting token is stored."""
    return hashlib.sha256(token.encode()).digest()


def new_secret() -> str:
    """Return a secret for an anonymous ballot: 128 random bits, as 22 characters."""
    return secrets.token_urlsafe(16)


def ballot_id(poll: bytes, secret: str) -> bytes:
    """Return an anonymous ballot's id: SHA-256 of the poll's 16 bytes followed by the secret.

    The poll is part of it so that one secret used in two polls joins nothing.
    """
    return hashlib.sha256(poll + secret.encode()).digest()
