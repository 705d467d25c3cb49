"""Signing keys: P-256, sealed in the database, rotated by the clock with overlap.

A key's row says from when it is used; the one in use is the latest whose time has come. So there is no
switch to throw, and every instance changes over at the same moment. The next key is in the JWKS from the
day its predecessor came into use (never less than `LEAD` before), and a previous one stays until its last
token has expired, so that verifiers with an old copy of the JWKS never meet an unknown key.
"""

import base64
import hashlib
import itertools
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.auth.models import SigningKey
from services.auth.repository import SigningKeyRepository
from services.auth.schemas import JWK, JWKS
from services.auth.settings import AuthSettings
from services.core.identity.keys import ALGORITHM
from services.core.kit import Kit
from services.core.problems import unavailable

log = structlog.get_logger(__name__)

JWKS_MAX_AGE_SECONDS = 60
VERIFIER_CACHE_SECONDS = 300
LEAD = timedelta(seconds=2 * (JWKS_MAX_AGE_SECONDS + VERIFIER_CACHE_SECONDS))
"""How long a key is published before it is used: twice what any copy of the JWKS may be old."""

SEAL_KEY = "key-encryption"
_NONCE_BYTES = 12
_MARGIN = timedelta(minutes=5)


class Key(msgspec.Struct, frozen=True):
    """A signing key, opened: what it signs with and from when."""

    kid: str
    private: ec.EllipticCurvePrivateKey
    public: JWK
    active_from: float


def new_seal_key() -> str:
    """Return a new key for sealing: 32 random bytes, base64url."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def thumbprint(jwk: JWK) -> str:
    """Return the RFC 7638 thumbprint of a public key, which is its `kid`."""
    members = {"crv": jwk.crv, "kty": jwk.kty, "x": jwk.x, "y": jwk.y}
    return _b64(hashlib.sha256(msgspec.json.encode(members, order="sorted")).digest())


def public_jwk(private: ec.EllipticCurvePrivateKey) -> JWK:
    """Return the public half of a key."""
    numbers = private.public_key().public_numbers()
    x, y = (_b64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return msgspec.structs.replace(JWK("", x, y), kid=thumbprint(JWK("", x, y)))


def seal(private: ec.EllipticCurvePrivateKey, kid: str, key: bytes) -> bytes:
    """Encrypt a private key with AES-256-GCM; the `kid` is bound to it."""
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, der, kid.encode())


def unseal(sealed: bytes, kid: str, key: bytes) -> ec.EllipticCurvePrivateKey:
    """Decrypt a private key.

    Raises:
        InvalidTag: It was sealed with another key, or isn't this `kid`'s.
    """
    der = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
    private = serialization.load_der_private_key(der, None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic curve's key")
    return private


class Signer:
    """Signs access tokens, and keeps the keys for it."""

    def __init__(self, kit: Kit[AuthSettings]) -> None:
        self._kit = kit
        self._life = timedelta(days=kit.settings.signing_key_days)
        self._token_seconds = kit.settings.access_token_seconds
        self._keys: list[Key] = []

    @property
    def token_seconds(self) -> int:
        """How long an access token is good."""
        return self._token_seconds

    def jwks(self) -> JWKS:
        """Return the public keys: previous, in use, next.

        Raises:
            Problem: 503 until they have been read. No keys at all would say that no token is good.
        """
        return JWKS([key.public for key in self._read()])

    def _read(self) -> list[Key]:
        if not self._keys:
            raise unavailable("The signing keys aren't available right now. Try again.")
        return self._keys

    def public_pems(self) -> list[tuple[str, str]]:
        """Return each public key's `kid` and PEM: previous, in use, next."""
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return [(key.kid, key.private.public_key().public_bytes(*form).decode()) for key in self._read()]

    def sign(
        self, account: UUID, session: UUID, kind: str, role: str, scope: str, until: datetime | None = None
    ) -> tuple[str, int]:
        """Return an access token and its life in seconds.

        Args:
            account: `sub`.
            session: `sid`: the session, or the API key.
            kind: user or guest.
            role: user, moderator or admin.
            scope: `*` for a session, an API key's scopes otherwise.
            until: The token ends by then, whatever the settings say.
        """
        now = int(time.time())
        expires = now + self._token_seconds
        if until is not None:
            expires = min(expires, int(until.timestamp()))
        core = self._kit.core
        claims: dict[str, Any] = {
            "iss": core.issuer,
            "aud": core.audience,
            "sub": str(account),
            "sid": str(session),
            "kind": kind,
            "role": role,
            "scope": scope,
            "iat": now,
            "exp": expires,
        }
        key = self._in_use()
        return jwt.encode(claims, key.private, ALGORITHM, {"kid": key.kid}), expires - now

    def _in_use(self) -> Key:
        now = time.time()
        # The first key stands in for a clock that is a little behind the database's.
        keys = self._read()
        return next((key for key in reversed(keys) if key.active_from <= now), keys[0])

    async def refresh(self) -> None:
        """Make the keys that are due, drop those that are over, and read them all."""
        opener = base64.urlsafe_b64decode(await self._kit.secret(SEAL_KEY))
        async with self._kit.db.reading() as session:
            rows = await SigningKeyRepository(session).all()
        if self._due(rows, datetime.now(UTC)):
            async with self._kit.db.transaction() as session:
                keys = SigningKeyRepository(session)
                now = await keys.lock()
                await self._renew(keys, await keys.all(), now, opener)
                rows = await keys.all()
        opened = {key.kid: key.private for key in self._keys}
        self._keys = [
            Key(
                row.kid,
                opened.get(row.kid) or unseal(row.sealed, row.kid, opener),
                msgspec.convert(row.public_jwk, JWK),
                row.active_from.timestamp(),
            )
            for row in rows
        ]

    def _due(self, rows: Any, now: datetime) -> bool:
        return not rows or rows[-1].active_from <= now or bool(self._over(rows, now))

    def _over(self, rows: Any, now: datetime) -> list[str]:
        """Return the keys whose successor has been in use for longer than a token lives."""
        dead = now - timedelta(seconds=self._token_seconds) - _MARGIN
        return [row.kid for row, later in itertools.pairwise(rows) if later.active_from <= dead]

    async def _renew(self, keys: SigningKeyRepository, rows: Any, now: datetime, opener: bytes) -> None:
        over = self._over(rows, now)
        if over:
            await keys.remove(over)
        # Another instance may have been first; then there is nothing left to do.
        last: datetime | None = rows[-1].active_from if rows else None
        if last is None:
            await self._add(keys, now, opener)
            last = now
        if last <= now:
            await self._add(keys, max(now + LEAD, last + self._life), opener)

    async def _add(self, keys: SigningKeyRepository, active_from: datetime, opener: bytes) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        public = public_jwk(private)
        sealed = seal(private, public.kid, opener)
        jwk = msgspec.to_builtins(public)
        await keys.add(SigningKey(kid=public.kid, public_jwk=jwk, sealed=sealed, active_from=active_from))
        log.info("signing_key_made", kid=public.kid, active_from=active_from.isoformat())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
