"""Secrets that clients hold and we only recognise: refresh tokens, API keys, what mails hold.

Each is a prefix, by which scanners find one that has leaked, and 256 random bits. We keep the SHA-256; with
that many random bits a slow hash would add nothing.
"""

import base64
import hashlib
import hmac
import secrets

REFRESH_PREFIX = "vr_"
KEY_PREFIX = "vw_"
LETTER_PREFIX = "vl_"
MAX_CHARS = 128


def make(prefix: str) -> str:
    """Return a new secret."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is stored of a secret, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_salt() -> bytes:
    """Return what, together with a refresh token, gives its successor."""
    return secrets.token_bytes(32)


def successor(token: str, salt: bytes) -> str:
    """Return the refresh token that follows on `token`: HMAC-SHA256 keyed with it, over the salt.

    Whoever holds the token and is told to use it twice gets the same answer twice. The salt is in the
    database and the token isn't, so neither a token nor the database alone leads further.
    """
    mac = hmac.digest(token.encode(), salt, "sha256")
    return REFRESH_PREFIX + base64.urlsafe_b64encode(mac).decode().rstrip("=")
