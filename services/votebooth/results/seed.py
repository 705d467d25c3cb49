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
