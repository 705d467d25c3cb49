"""Calls between services: for questions that events can't answer.

One aiohttp pool a process; the time left travels in a header so that nobody works for a caller who has
gone; a breaker per peer answers at once while the peer is down. Only reads are retried.
"""

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import jwt
import msgspec
import stamina

from services.core.secrets import Secrets
from services.core.settings import CoreSettings
from services.core.trace import HEADER as TRACE_HEADER
from services.core.trace import traceparent

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")

DEADLINE_HEADER = "votewave-deadline-ms"
SERVICE_TOKEN_HEADER = "votewave-service"  # noqa: S105  (a header's name)
INTERNAL_AUDIENCE = "votewave-internal"
INTERNAL_KEY = "internal/key"

_TIMEOUT_SECONDS = 2.0
_BREAKER_FAILURES = 5
_BREAKER_SECONDS = 1.0


class PeerError(Exception):
    """The peer didn't answer, or answered that it can't."""


class PeerMissing(Exception):  # noqa: N818  (an answer, not a failure)
    """The peer answered 404."""


class _Breaker:
    """Opens after some failures in a row; lets one call through after a pause."""

    def __init__(self) -> None:
        self.failures = 0
        self.until = 0.0

    def check(self, peer: str) -> None:
        if self.failures >= _BREAKER_FAILURES and time.monotonic() < self.until:
            raise PeerError(f"{peer} failed {self.failures} times in a row")

    def record(self, *, ok: bool) -> None:
        self.failures = 0 if ok else self.failures + 1
        if not ok:
            self.until = time.monotonic() + _BREAKER_SECONDS


class Calls:
    """The process's client for its peers."""

    def __init__(self, settings: CoreSettings, secrets: Secrets) -> None:
        self._peers = settings.peers
        self._secrets = secrets
        self._session: aiohttp.ClientSession | None = None
        self._breakers: dict[str, _Breaker] = {}
        self.name = "votewave"

    async def get(self, peer: str, path: str, kind: type[T], seconds: float = _TIMEOUT_SECONDS) -> T:
        """Ask a peer, and once more if it fails.

        Args:
            peer: The service.
            path: Below its root, beginning with "/".
            kind: What its JSON is decoded to.
            seconds: For all tries together.

        Raises:
            PeerMissing: It answered 404.
            PeerError: It can't be asked, doesn't answer in time, or fails.
        """
        deadline = time.monotonic() + seconds
        try:
            async for attempt in stamina.retry_context(
                on=PeerError, attempts=2, timeout=seconds, wait_initial=0.05, wait_max=0.2
            ):
                with attempt:
                    return await self._once(peer, path, kind, deadline)
        except TimeoutError as exc:
            raise PeerError(f"{peer} didn't answer in {seconds} s") from exc
        raise PeerError(f"{peer} wasn't asked")

    async def _once(self, peer: str, path: str, kind: type[T], deadline: float) -> T:
        import aiohttp  # noqa: PLC0415  (3 MB that a process without calls needn't hold)

        breaker = self._breakers.setdefault(peer, _Breaker())
        breaker.check(peer)
        left = deadline - time.monotonic()
        if left <= 0:
            raise PeerError(f"no time left for {peer}")
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=50))
        headers = {
            DEADLINE_HEADER: str(int(left * 1000)),
            TRACE_HEADER: traceparent(),
            SERVICE_TOKEN_HEADER: await self._service_token(),
        }
        try:
            async with self._session.get(
                self.address(peer) + path, headers=headers, timeout=aiohttp.ClientTimeout(total=left)
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            breaker.record(ok=False)
            raise PeerError(f"{peer}: {type(exc).__name__}") from exc
        breaker.record(ok=response.status < 500)
        if response.status == 404:
            raise PeerMissing(path)
        if response.status >= 400:
            raise PeerError(f"{peer} answered {response.status}")
        return msgspec.json.decode(body, type=kind)

    def address(self, peer: str) -> str:
        """Return the base URL of a peer.

        Raises:
            PeerError: The peer isn't known.
        """
        mode, _, rest = self._peers.partition(":")
        if mode == "static":
            return rest.replace("{service}", quote(peer)).rstrip("/")
        raise PeerError(f"no way to find {peer}: {mode}")

    async def _service_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.name, "aud": INTERNAL_AUDIENCE, "iat": now, "exp": now + 30}
        return jwt.encode(claims, await self._secrets.get(INTERNAL_KEY), algorithm="HS256")

    async def is_service(self, token: str | None) -> bool:
        """Say whether a request's service token is good."""
        if not token:
            return False
        try:
            jwt.decode(
                token,
                await self._secrets.get(INTERNAL_KEY),
                algorithms=["HS256"],
                audience=INTERNAL_AUDIENCE,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidTokenError:
            return False
        return True

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)
