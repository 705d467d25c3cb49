"""Access tokens: ES256 JWTs (RFC 7519), verified by every service against the keys that their signer publishes.

Signature, issuer, audience, expiry and revocation are checked each time; a signature that was found good
is remembered until its token expires, since checking it is most of the cost.

One form is read, the one that is written, and directly: through PyJWT a new token takes 190 µs, of which 80 are
the signature's; here it takes 90.
"""

import time
from typing import Annotated
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from services.core.identity.keys import ALGORITHM, Keys
from services.core.identity.revocations import Revocations
from services.core.identity.signature import GOOD, UNREADABLE, Checker, CheckHere, decode
from services.core.identity.subject import Kind, Role, Subject
from services.core.peers.calls import Calls
from services.core.problems import bad_token, expired_token, session_ended
from services.core.settings import CoreSettings

_REMEMBERED = 20_000
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

    Args:
        settings: Say who issues tokens, and for whom.
        calls: Asks for the keys.
        redis: Tells what was revoked.
        signer: The service that signs tokens and publishes the keys; without one, no token can be verified.

    Attributes:
        signer: As above.
        keys: The keys.
        signatures: What checks signatures; a service may bring another.
    """

    def __init__(self, settings: CoreSettings, calls: Calls, redis: Redis, signer: str = "") -> None:
        self._issuer = settings.issuer
        self._audience = settings.audience
        self.signer = signer
        self.keys = Keys(calls, signer, self._on_keys)
        self.signatures: Checker = CheckHere()
        self._revocations = Revocations(redis)
        self._headers: dict[bytes, str] = {}  # of tokens with a good signature: all of a key's are alike
        self._known: dict[str, Subject] = {}

    def _on_keys(self, withdrawn: bool) -> None:
        if withdrawn:
            self._known.clear()  # and with the key what it has signed
        self._headers.clear()

    async def start(self) -> None:
        """Read what was revoked, and follow it from then on."""
        await self._revocations.start()

    async def close(self) -> None:
        """Stop following revocations and keys."""
        await self._revocations.close()
        await self.keys.close()
        self.signatures.close()

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
            raise expired_token()
        if known.session in self._revocations:
            raise session_ended()
        return known

    def has_ended(self, subject: Subject) -> bool:
        """Say whether a subject's token has expired or its session was ended, for connections that last."""
        return subject.expires <= time.time() or subject.session in self._revocations

    async def _verify(self, token: str) -> Subject:
        try:
            signed, signature = token.encode("ascii").rsplit(b".", 1)
            head, payload = signed.split(b".")
            kid = self._headers.get(head) or _kid(head)
        except (ValueError, msgspec.MsgspecError) as exc:
            raise bad_token(_UNREADABLE) from exc
        key = await self.keys.point(kid)
        try:
            verdict = await self.signatures.check(key, signed, signature)
            if verdict != GOOD:
                raise bad_token(_UNREADABLE if verdict == UNREADABLE else _NOT_VALID)
            claims = _read_claims(decode(payload))
        except (ValueError, msgspec.MsgspecError) as exc:
            raise bad_token(_NOT_VALID) from exc
        self._headers[head] = kid
        now = time.time()
        if claims.exp <= now:
            raise expired_token()
        if (
            claims.iss != self._issuer
            or claims.aud != self._audience
            or max(claims.iat, claims.nbf) > now + _CLOCK_SKEW_SECONDS
        ):
            raise bad_token(_NOT_VALID)
        return Subject(
            id=claims.sub,
            kind=claims.kind,
            role=claims.role,
            session=claims.sid,
            scopes=frozenset(claims.scope.split()),
            expires=claims.exp,
        )


def _kid(head: bytes) -> str:
    """Return which key a token says it is signed with.

    Raises:
        Problem: 401 if it isn't signed as ours are.
        ValueError: It can't be read; so does msgspec's error say.
    """
    header = _read_header(decode(head))
    if header.alg != ALGORITHM or header.crit is not msgspec.UNSET:
        raise bad_token("The access token isn't signed by VoteWave.")
    return header.kid
