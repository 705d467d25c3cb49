"""Access tokens: ES256 JWTs (RFC 7519), verified by every service against Auth's published keys (RFC 7517).

Signature, issuer, audience, expiry and revocation are checked each time; a signature that was found good
is remembered until its token expires, since checking it is most of the cost (`signatures` says where that is done).

One form is read, the one Auth writes, and directly: through PyJWT a new token takes 190 µs, of which 80 are
the signature's; here it takes 90.
"""

import asyncio
import contextlib
import time
from typing import Annotated, Any
from uuid import UUID

import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.identity.signature import GOOD, UNREADABLE, decode
from services.core.identity.signatures import Signatures
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.core.peers.calls import Calls, PeerError, PeerMissing
from services.core.problems import unauthenticated, unavailable
from services.core.settings import CoreSettings
from services.core.tasks import end

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
REVOKED_KEY = "votewave:revoked"
REVOKED_VERSION_KEY = "votewave:revoked:version"
SIGNED_BY = "auth"
"""The service that signs tokens."""
JWKS_PATH = "/.well-known/jwks.json"

_REMEMBERED = 20_000
_REVOCATION_POLL_SECONDS = 1.0
_KEYS_MIN_AGE_SECONDS = 2.0
_KEYS_MAX_AGE_SECONDS = 300.0
_FIRST_KEYS_SECONDS = 5.0
_FIRST_KEYS_PAUSE = 0.1
_UNREADY_SECONDS = 0.3
_UNREADY_AMONG_OTHERS_SECONDS = 30.0
_CLOCK_SKEW_SECONDS = 5
_UNREADABLE = "The access token can't be read."
_NOT_VALID = "The access token is not valid."


class _Header(msgspec.Struct):
    """A token's header. `crit` would name extensions that must be understood (RFC 7515); we know none."""

    alg: str
    kid: str = ""
    crit: list[str] | msgspec.UnsetType = msgspec.UNSET


class _Claims(msgspec.Struct):
    """What a token says."""

    iss: str
    aud: str
    sub: UUID
    sid: UUID
    iat: int
    exp: Annotated[int, msgspec.Meta(gt=0, lt=2**53)]
    nbf: int = 0
    kind: Kind = Kind.USER
    role: Role = Role.USER
    scope: str = ""


_read_header = msgspec.json.Decoder(_Header).decode
_read_claims = msgspec.json.Decoder(_Claims).decode


class Verifier:
    """Turns a bearer token into a `Subject`.

    Attributes:
        signatures: What checks them.
    """

    def __init__(self, settings: CoreSettings, calls: Calls, redis: Redis) -> None:
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._calls = calls
        self._redis = redis
        self.signatures = Signatures()
        self._keys: dict[str, bytes] = {}  # points
        self._headers: dict[bytes, str] = {}  # of tokens with a good signature: all of a key's are alike
        self._keys_at = float("-inf")  # when they were read
        self._keys_asked_at = float("-inf")  # when that was last tried
        self._keys_failed = False
        self._keys_lock = asyncio.Lock()
        self._known: dict[str, Subject] = {}
        self._revoked: dict[UUID, float] = {}
        self._revoked_version: bytes | None = None
        self._watch: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._first: asyncio.Task[None] | None = None
        self._unready_until = float("-inf")

    @property
    def settled(self) -> bool:
        """Whether the first keys are here, or there was time enough to get them."""
        return bool(self._keys) or time.monotonic() >= self._unready_until

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
            signed, signature = token.encode("ascii").rsplit(b".", 1)
            head, payload = signed.split(b".")
            kid = self._headers.get(head) or _kid(head)
        except (ValueError, msgspec.MsgspecError) as exc:
            raise unauthenticated(_UNREADABLE) from exc
        key = await self._key(kid)
        try:
            verdict = await self.signatures.check(key, signed, signature)
            if verdict != GOOD:
                raise unauthenticated(_UNREADABLE if verdict == UNREADABLE else _NOT_VALID)
            claims = _read_claims(decode(payload))
        except (ValueError, msgspec.MsgspecError) as exc:
            raise unauthenticated(_NOT_VALID) from exc
        self._headers[head] = kid
        now = time.time()
        if claims.exp <= now:
            raise unauthenticated("The access token has expired. Refresh it.")
        if (
            claims.iss != self._issuer
            or claims.aud != self._audience
            or max(claims.iat, claims.nbf) > now + _CLOCK_SKEW_SECONDS
        ):
            raise unauthenticated(_NOT_VALID)
        return Subject(
            id=claims.sub,
            kind=claims.kind,
            role=claims.role,
            session=claims.sid,
            scopes=frozenset(claims.scope.split()),
            expires=claims.exp,
        )

    async def _key(self, kid: str) -> bytes:
        key = self._keys.get(kid)
        if key is not None:
            if time.monotonic() - self._keys_at >= _KEYS_MAX_AGE_SECONDS and self._refreshing is None:
                # Nobody waits for it, and while Auth is away the known keys stay good: voting goes on.
                self._refreshing = asyncio.create_task(self._refresh())
            return key
        await self._refresh()
        if kid in self._keys:
            return self._keys[kid]
        if self._keys_failed or not self._keys:
            raise unavailable("Tokens can't be verified right now. Try again.", _KEYS_MIN_AGE_SECONDS)
        raise unauthenticated("The access token is signed with a key that isn't ours.")

    async def _refresh(self) -> None:
        """Ask Auth for its keys, at most once in two seconds however many want it and however it ends."""
        try:
            async with self._keys_lock:
                if time.monotonic() - self._keys_asked_at < _KEYS_MIN_AGE_SECONDS:
                    return
                try:
                    await self._load_keys()
                    self._keys_failed = False
                except (PeerError, PeerMissing) as exc:
                    log.warning("jwks_unavailable", error=str(exc))
                    self._keys_failed = True
                finally:
                    self._keys_asked_at = time.monotonic()
        finally:
            self._refreshing = None

    async def _first_keys(self, seconds: float) -> None:
        """Get the keys; in the first moment nobody may know where Auth is."""
        try:
            async with asyncio.timeout(seconds):
                while not self._keys:
                    async with self._keys_lock:
                        with contextlib.suppress(PeerError, PeerMissing):
                            await self._load_keys()
                    if not self._keys:
                        await asyncio.sleep(_FIRST_KEYS_PAUSE)
        except TimeoutError:
            log.warning("jwks_unavailable", error=f"no keys within {seconds:g} s of the start")

    async def _load_keys(self) -> None:
        document = await self._calls.get(SIGNED_BY, JWKS_PATH, dict[str, list[dict[str, str]]])
        keys: dict[str, bytes] = {}
        for jwk in document.get("keys", []):
            if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256" and jwk.get("kid"):
                try:
                    keys[jwk["kid"]] = _point(jwk)
                except jwt.PyJWTError as exc:
                    log.warning("jwk_unreadable", error=type(exc).__name__)
        if self._keys.keys() - keys.keys():
            self._known.clear()  # a key was withdrawn, and with it what it has signed
        self._keys, self._keys_at = keys, time.monotonic()
        self._headers.clear()

    def ask_early(self, *, among_others: bool) -> None:
        """Get the keys without waiting for a token, so that a new instance's first voters find them there.

        Args:
            among_others: Whether other instances, which have the keys, get the requests until this one has them. One
                that is alone soon serves without them what is public.
        """
        seconds = _UNREADY_AMONG_OTHERS_SECONDS if among_others else _UNREADY_SECONDS
        self._unready_until = time.monotonic() + seconds
        self._first = asyncio.create_task(self._first_keys(max(seconds, _FIRST_KEYS_SECONDS)))

    async def start(self) -> None:
        """Read what was revoked, and follow it from then on."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(_REVOCATION_POLL_SECONDS):
                await self._read_revocations()
        self._watch = asyncio.create_task(self._follow_revocations())

    async def close(self) -> None:
        """Stop following revocations."""
        await end(self._watch, self._refreshing, self._first)
        self.signatures.close()

    async def _follow_revocations(self) -> None:
        while True:
            try:
                await self._read_revocations()
            except Exception as exc:  # noqa: BLE001  (whatever it was: it must go on, for nobody would miss it)
                # Known revocations stay; new ones arrive when Redis is back. A token lives 15 minutes.
                self._revoked_version = None
                log.warning("revocations_unavailable", error=type(exc).__name__)
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


def _kid(head: bytes) -> str:
    """Return which key a token says it is signed with.

    Raises:
        Problem: 401 if it isn't signed as ours are.
        ValueError: It can't be read; so does msgspec's error say.
    """
    header = _read_header(decode(head))
    if header.alg != ALGORITHM or header.crit is not msgspec.UNSET:
        raise unauthenticated("The access token is not signed as ours are.")
    return header.kid


def _point(jwk: dict[str, str]) -> bytes:
    key = jwt.PyJWK(dict(jwk), ALGORITHM).key
    point: bytes = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point


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
        # Not a count: after a flush it would come by values that it had before, and readers would see no change.
        pipe.set(REVOKED_VERSION_KEY, new_id().bytes)
        await pipe.execute()
