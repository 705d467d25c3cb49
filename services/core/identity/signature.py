"""ES256 signatures, checked one by one.

It imports nothing of VoteWave, nor asyncio: a process that does nothing else stays small.
"""

import binascii
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

BAD, GOOD, UNREADABLE = 0, 1, 2

_ECDSA = ec.ECDSA(hashes.SHA256())
_FROM_URL_SAFE = bytes.maketrans(b"-_+/=", b"+/!!!")  # what isn't of the URL-safe alphabet stays out


def check(point: bytes, signed: bytes, signature: bytes) -> int:
    """Return `GOOD`, `BAD` or `UNREADABLE`.

    Args:
        point: The public key, a point of P-256.
        signed: What was signed.
        signature: RFC 7518, section 3.4: two numbers side by side, in base64url.
    """
    try:
        raw = decode(signature)
        if len(raw) != 64:
            return UNREADABLE
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        _key(point).verify(der, signed, _ECDSA)
    except InvalidSignature:
        return BAD
    except ValueError:
        return UNREADABLE
    return GOOD


def decode(part: bytes) -> bytes:
    """Decode base64url without padding, and nothing looser than that.

    Raises:
        ValueError: It isn't.
    """
    padded = part.translate(_FROM_URL_SAFE) + b"=" * (-len(part) % 4)
    return binascii.a2b_base64(padded, strict_mode=True)


@lru_cache(maxsize=16)
def _key(point: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


class Checker(Protocol):
    """Checks signatures, here or elsewhere."""

    async def check(self, point: bytes, signed: bytes, signature: bytes) -> int:
        """Return what `check` says."""
        ...

    def close(self) -> None:
        """End what it has begun."""


class CheckHere:
    """Checks each signature when it is asked, in this process."""

    async def check(self, point: bytes, signed: bytes, signature: bytes) -> int:
        """Return what `check` says."""
        return check(point, signed, signature)

    def close(self) -> None:
        """Nothing was begun."""
