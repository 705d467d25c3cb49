"""Access tokens: ES256 JWTs (RFC 7519), verified by every service against Auth's published keys (RFC 7517).

Signature, issuer, audience, expiry and revocation are checked each time; a signature that was found good
is remembered until its token expires, since checking it is most of the cost.
"""

import asyncio
import time
from typing import Any
from uuid import UUID

import jwt
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.calls import Calls, PeerError
from services.core.problems import unauthenticated, unavailable
from services.core.settings import CoreSettings
from services.core.subject import Kind, Role, Subject

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
REVOKED_KEY = "votewave:revoked"
REVOKED_VERSION_KEY = "votewave:revoked:version"
JWKS_PATH = "/.well-known/jwks.json"

_REMEMBERED = 20_000
_REVOCATION_POLL_SECONDS = 1.0
_KEYS_MIN_AGE_SECONDS = 2.0
_KEYS_MAX_AGE_SECONDS = 300.0
_REQUIRED = ("exp", "iat", "iss", "aud", "sub", "sid")


class Verifier:
    """Turns a bearer token into a `Subject`."""

    def __init__(self, settings: CoreSettings, calls: Calls, redis: Redis) -> None:
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._calls = calls
        self._redis = redis
        self._keys: dict[str, Any] = {}
        self._keys_at = float("-inf")
        self._keys_lock = asyncio.Lock()
        self._known: dict[str, Subject] = {}
        self._revoked: dict[UUID, float] = {}
        self._revoked_version: bytes | None = None
        self._watch: asyncio.Task[None] | None = None

    async def subject(self, token: str) -> Subject:
        """Verify a token.

        Raises:
            Problem: 401 if it isn't good, 503 if the keys can't be had.
        """
        known = self._known.get(token)
        if known is None:
            known = await self._verify(token)
            if len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[token] = known
        if known.expires <= time.time():
            self._known.pop(token, None)
            raise unauthenticated("The access token has expired. Refresh it.")
        if known.session in self._revoked:
            raise unauthenticated("This session has ended. Sign in again.")
        return known

    def has_ended(self, subject: Subject) -> bool:
        """Say whether a subject's token has expired or its session was ended, for connections that last."""
        return subject.expires <= time.time() or subject.session in self._revoked

    async def _verify(self, token: str) -> Subject:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as exc:
            raise unauthenticated("The access token can't be read.") from exc
        if header.get("alg") != ALGORITHM:
            raise unauthenticated("The access token is not signed as ours are.")
        key = await self._key(str(header.get("kid", "")))
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": list(_REQUIRED)},
            )
            return Subject(
                id=UUID(claims["sub"]),
                kind=Kind(claims.get("kind", "user")),
                role=Role(claims.get("role", "user")),
                session=UUID(claims["sid"]),
                scopes=frozenset(str(claims.get("scope", "")).split()),
                expires=int(claims["exp"]),
            )
        except jwt.ExpiredSignatureError as exc:
            raise unauthenticated("The access token has expired. Refresh it.") from exc
        except (jwt.InvalidTokenError, ValueError, KeyError, TypeError) as exc:
            raise unauthenticated("The access token is not valid.") from exc

    async def _key(self, kid: str) -> Any:
        age = time.monotonic() - self._keys_at
        if kid in self._keys and age < _KEYS_MAX_AGE_SECONDS:
            return self._keys[kid]
        async with self._keys_lock:
            age = time.monotonic() - self._keys_at
            stale = age >= _KEYS_MAX_AGE_SECONDS or (kid not in self._keys and age >= _KEYS_MIN_AGE_SECONDS)
            if stale:
                try:
                    await self._load_keys()
                except PeerError as exc:
                    # The last keys are good for as long as Auth is away: voting goes on.
                    log.warning("jwks_unavailable", error=str(exc))
                    if kid not in self._keys:
                        raise unavailable("Tokens can't be verified right now. Try again.") from exc
        if kid not in self._keys:
            raise unauthenticated("The access token is signed with a key that isn't ours.")
        return self._keys[kid]

    async def _load_keys(self) -> None:
        document = await self._calls.get("auth", JWKS_PATH, dict[str, list[dict[str, str]]])
        keys: dict[str, Any] = {}
        for jwk in document.get("keys", []):
            if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
                keys[jwk["kid"]] = jwt.PyJWK(dict(jwk), ALGORITHM).key
        self._keys, self._keys_at = keys, time.monotonic()

    async def start(self) -> None:
        """Begin to follow revocations."""
        self._watch = asyncio.create_task(self._follow_revocations())

    async def close(self) -> None:
        """Stop following revocations."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _follow_revocations(self) -> None:
        while True:
            try:
                await self._read_revocations()
            except (RedisError, OSError, TimeoutError):
                # Known revocations stay; new ones arrive when Redis is back. A token lives 15 minutes.
                self._revoked_version = None
            await asyncio.sleep(_REVOCATION_POLL_SECONDS)

    async def _read_revocations(self) -> None:
        now = time.time()
        self._revoked = {sid: until for sid, until in self._revoked.items() if until > now}
        version: Any = await self._redis.get(REVOKED_VERSION_KEY)
        if version is not None and version == self._revoked_version:
            return
        rows: Any = await self._redis.zrangebyscore(REVOKED_KEY, now, "+inf", withscores=True)
        self._revoked.update({UUID(bytes=sid): until for sid, until in rows})
        self._revoked_version = version


async def announce_revocations(redis: Redis, sessions: dict[UUID, float]) -> None:
    """Tell every process that sessions have ended.

    Args:
        redis: The shared Redis.
        sessions: Session ids, each with the Unix time until which one of its tokens could be valid.
    """
    if not sessions:
        return
    async with redis.pipeline(transaction=True) as pipe:
        pipe.zadd(REVOKED_KEY, {sid.bytes: until for sid, until in sessions.items()})
        pipe.zremrangebyscore(REVOKED_KEY, "-inf", time.time())
        pipe.incr(REVOKED_VERSION_KEY)
        await pipe.execute()
