"""The keys that access tokens are signed with: a JWKS (RFC 7517) that one service publishes and every one reads.

They are read when an unknown one is named, every five minutes, and early in a process's life.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

import jwt
import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.core.peers.calls import Calls, PeerError, PeerMissing
from services.core.problems import bad_token, unavailable
from services.core.tasks import end

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
JWKS_PATH = "/.well-known/jwks.json"
MAX_AGE_SECONDS = 300.0
"""After so long a process asks for the keys again."""

_MIN_AGE_SECONDS = 2.0
_FIRST_SECONDS = 5.0
_FIRST_PAUSE = 0.1
_FIRST_LATE_PAUSE = 0.5
_UNREADY_SECONDS = 0.3
_UNREADY_AMONG_OTHERS_SECONDS = 30.0


class Keys:
    """The public keys by their ids.

    Args:
        calls: Asks the service that publishes them.
        signer: That service's name.
        on_read: Called each time when they were read; whether one of the former keys is missing among them.
    """

    def __init__(self, calls: Calls, signer: str, on_read: Callable[[bool], None]) -> None:
        self._calls = calls
        self._signer = signer
        self._on_read = on_read
        self._points: dict[str, bytes] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._failed = False
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._first: asyncio.Task[None] | None = None
        self._unready_until = float("-inf")

    @property
    def settled(self) -> bool:
        """Whether the first keys are here, or there was time enough to get them."""
        return bool(self._points) or time.monotonic() >= self._unready_until

    async def point(self, kid: str) -> bytes:
        """Return a key, as a point of P-256.

        Raises:
            Problem: 401 if there is no such key, 503 if the keys can't be had.
        """
        point = self._points.get(kid)
        if point is not None:
            if time.monotonic() - self._read_at >= MAX_AGE_SECONDS and self._refreshing is None:
                # Nobody waits for it, and while the signer is away the known keys stay good: voting goes on.
                self._refreshing = asyncio.create_task(self._refresh())
            return point
        await self._refresh()
        if kid in self._points:
            return self._points[kid]
        if self._failed or not self._points:
            raise unavailable("Tokens can't be verified right now. Try again.", _MIN_AGE_SECONDS)
        raise bad_token("The access token is signed with an unknown key.")

    def ask_early(self, *, among_others: bool) -> None:
        """Get the keys without waiting for a token, so that a new instance's first voters find them there.

        Args:
            among_others: Whether other instances, which have the keys, get the requests until this one has them. One
                that is alone soon serves without them what is public.
        """
        seconds = _UNREADY_AMONG_OTHERS_SECONDS if among_others else _UNREADY_SECONDS
        self._unready_until = time.monotonic() + seconds
        self._first = asyncio.create_task(self._get_first(max(seconds, _FIRST_SECONDS)))

    async def close(self) -> None:
        """Stop asking."""
        await end(self._refreshing, self._first)

    async def _refresh(self) -> None:
        """Ask for the keys, at most once in two seconds however many want it and however it ends."""
        try:
            async with self._lock:
                if time.monotonic() - self._asked_at < _MIN_AGE_SECONDS:
                    return
                try:
                    await self._read()
                    self._failed = False
                except (PeerError, PeerMissing) as exc:
                    log.warning("jwks_unavailable", error=str(exc))
                    self._failed = True
                finally:
                    self._asked_at = time.monotonic()
        finally:
            self._refreshing = None

    async def _get_first(self, seconds: float) -> None:
        """Ask until the keys are here: the signer may still be starting, or wait for its database.

        Args:
            seconds: After so long it is logged that they are missing, and they are asked for less often.
        """
        is_late, late_at = False, time.monotonic() + seconds
        while not self._points:
            with contextlib.suppress(PeerError, PeerMissing):
                await self._read(insist=True)
            if not is_late and time.monotonic() >= late_at:
                is_late = True
                log.warning("jwks_unavailable", error=f"no keys within {seconds:g} s of the start")
            await asyncio.sleep(_FIRST_LATE_PAUSE if is_late else _FIRST_PAUSE)

    async def _read(self, *, insist: bool = False) -> None:
        document = await self._calls.get(self._signer, JWKS_PATH, dict[str, list[dict[str, str]]], insist=insist)
        points: dict[str, bytes] = {}
        for jwk in document.get("keys", []):
            if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256" and jwk.get("kid"):
                try:
                    points[jwk["kid"]] = _point(jwk)
                except jwt.PyJWTError as exc:
                    log.warning("jwk_unreadable", error=type(exc).__name__)
        withdrawn = bool(self._points.keys() - points.keys())
        self._points, self._read_at = points, time.monotonic()
        self._on_read(withdrawn)


def _point(jwk: dict[str, str]) -> bytes:
    key = jwt.PyJWK(dict(jwk), ALGORITHM).key
    point: bytes = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point
