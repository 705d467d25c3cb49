"""Web push: messages that the browser alone can read (RFC 8291), signed by us (RFC 8292). Pure.

The service that carries a message sees whose device it is for, how long it is, and nothing of what it says.
"""

import base64
import binascii
import hashlib
import os
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUTH_BYTES = 16
PUBLIC_BYTES = 65
LONGEST = 2_048
"""Bytes of a message. Services take 4,096 of its encrypted form (RFC 8291, section 4)."""

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RECORD = 4_096
_PADDED_TO = 256
"""So that a message's length doesn't say what it is."""

_SIGNED_FOR = timedelta(hours=12)
"""At most a day (RFC 8292, section 2)."""


def signing_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """Return the key that a secret stands for: any long random text does, so it is made like other secrets."""
    number = int.from_bytes(hashlib.sha512(b"votewave web push\0" + secret.encode()).digest())
    return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key's public half, as browsers take it."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def to_text(data: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_text(text: str, length: int) -> bytes | None:
    """Return so many bytes that stand in base64url; None if they don't."""
    try:
        data = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) == length else None


def is_point(data: bytes) -> bool:
    """Say whether these bytes are a public key of the curve that browsers use."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, data)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return len(data) == PUBLIC_BYTES


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now: datetime) -> str:
    """Return the header by which the service at an endpoint knows us.

    Args:
        key: Ours, the one that the device was given when it was added.
        endpoint: Where the message goes.
        contact: Whom the service may write to: a `mailto:` or `https:` URL.
        now: The moment.
    """
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + _SIGNED_FOR).timestamp()), "sub": contact}
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={to_text(public_bytes(key))}"


def encrypted(
    message: bytes,
    device_key: bytes,
    auth: bytes,
    *,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
    padded_to: int = _PADDED_TO,
) -> bytes:
    """Return a message that one device alone can read: one record of `aes128gcm` (RFC 8188).

    Args:
        message: What it says, `LONGEST` bytes at most.
        device_key: The device's public key.
        auth: The secret that it shares with us.
        own: A key for this message alone; made if there is none.
        salt: 16 bytes for this message alone; made if there are none.
        padded_to: Its length is made a multiple of so many bytes.

    Raises:
        ValueError: It is too long.
    """
    if len(message) > LONGEST:
        raise ValueError(f"a message has {LONGEST} bytes at most")
    own = own or ec.generate_private_key(_CURVE)
    salt = salt or os.urandom(16)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, device_key))
    ours = public_bytes(own)
    material = _derive(shared, auth, b"WebPush: info\0" + device_key + ours, 32)
    content_key = _derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(material, salt, b"Content-Encoding: nonce\0", 12)
    padding = bytes(-(len(message) + 1) % padded_to)
    sealed = AESGCM(content_key).encrypt(nonce, message + b"\x02" + padding, None)
    return salt + _RECORD.to_bytes(4) + bytes([len(ours)]) + ours + sealed


def _derive(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
