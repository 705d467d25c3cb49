"""Calls between services: for questions that events can't answer.

One aiohttp pool a process; the deadline travels in a header, so that no service works for a caller that has
stopped waiting; a breaker per peer answers at once while the peer is down. Only reads are retried.
"""

import asyncio
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import jwt
import msgspec
import stamina
import structlog

from services.core.aws.secrets import SecretError, Secrets
from services.core.observe.trace import HEADER as TRACE_HEADER
from services.core.observe.trace import traceparent
from services.core.peers.discovery import open_peers
from services.core.settings import CoreSettings

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger(__name__)

T = TypeVar("T")

DEADLINE_HEADER = "votewave-deadline-ms"
WANTED_HEADER = "votewave-wanted"
"""Which service a request is for. Ports are given out anew: where one listened a moment ago another may do so now,
whose 404 would say "there is no such poll". It answers 421 instead, and the next instance is asked."""
SERVICE_TOKEN_HEADER = "votewave-service"  # noqa: S105  (a header's name)
INTERNAL_AUDIENCE = "votewave-internal"
INTERNAL_KEY = "internal/key"

_TIMEOUT_SECONDS = 2.0
_CHUNK_BYTES = 65_536
_TRIES = 2
_BREAKER_FAILURES = 5
_BREAKER_SECONDS = 1.0
_CLOCK_SKEW_SECONDS = 5
_KEYS_MIN_AGE_SECONDS = 2.0
_FAIR_SECONDS = 0.1
"""Who wasn't given that long to answer hasn't failed."""

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


class PeerError(Exception):
    """The peer didn't answer, or answered that it can't."""


class PeerMissing(Exception):  # noqa: N818  (an answer, not a failure)
    """The peer answered 404."""


class _FinalError(PeerError):
    """The peer answered, and would answer the same again."""


class _InstanceError(PeerError):
    """One instance failed, and there is another that wasn't asked."""


class _Breaker:
    """Opens after some failures in a row; then lets one call through after each pause, until one succeeds."""

    def __init__(self) -> None:
        self.failures = 0
        self.until = 0.0

    def check(self, peer: str) -> None:
        if self.failures < _BREAKER_FAILURES:
            return
        now = time.monotonic()
        if now < self.until:
            raise _FinalError(f"{peer} failed {self.failures} times in a row")
        self.until = now + _BREAKER_SECONDS  # this call finds out; the others go on being refused

    def record(self, *, ok: bool) -> None:
        self.failures = 0 if ok else self.failures + 1
        if not ok:
            self.until = time.monotonic() + _BREAKER_SECONDS


def begin_deadline(header: str | None) -> bool:
    """Take over what time a caller has left, for the current context; say whether there is any.

    Args:
        header: Milliseconds, as the header has them; anything else leaves the context without a deadline.
    """
    if header is None or not (header.isascii() and header.isdecimal()) or len(header) > 9:
        return True
    _deadline.set(time.monotonic() + int(header) / 1000)
    return int(header) > 0


class Calls:
    """The process's client for its peers."""

    def __init__(self, settings: CoreSettings, secrets: Secrets) -> None:
        self._peers = open_peers(settings, secrets)
        self._secrets = secrets
        self._session: aiohttp.ClientSession | None = None
        self._breakers: dict[str, _Breaker] = {}
        self._keys: tuple[str, ...] = ()  # the internal key, and the one before it
        self._keys_at = float("-inf")
        self.name = "votewave"

    async def get(
        self, peer: str, path: str, kind: type[T], seconds: float = _TIMEOUT_SECONDS, *, insist: bool = False
    ) -> T:
        """Ask a peer, and once more if it fails; if it hangs, another instance with half of the time left.

        Args:
            peer: The service.
            path: Below its root, beginning with "/".
            kind: What its JSON is decoded to.
            seconds: For all tries together; less if our own caller's deadline is sooner.
            insist: Ask even while the breaker is open, for one that asks at a steady pace and keeps nobody waiting.

        Raises:
            PeerMissing: It answered 404.
            PeerError: It can't be asked, doesn't answer in time, or fails.
        """
        body = await self._ask(peer, path, seconds, insist=insist)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as exc:
            raise _FinalError(f"{peer} answered something else than {kind}") from exc

    async def save(self, peer: str, path: str, into: BinaryIO, seconds: float) -> None:
        """Have a peer's answer written into a file, which holds that and nothing else afterwards.

        Args:
            peer: The service.
            path: Below its root, beginning with "/".
            into: Is emptied first, and when it is asked once more.
            seconds: As for `get`.

        Raises:
            PeerMissing: It answered 404.
            PeerError: It can't be asked, doesn't answer in time, fails, or breaks off.
        """
        await self._ask(peer, path, seconds, into=into)

    async def _ask(
        self, peer: str, path: str, seconds: float, *, insist: bool = False, into: BinaryIO | None = None
    ) -> bytes:
        deadline = min(time.monotonic() + seconds, _deadline.get())
        breaker = self._breakers.setdefault(peer, _Breaker())
        let_through = insist
        async for attempt in stamina.retry_context(
            on=_may_help, attempts=_TRIES, timeout=seconds, wait_initial=0.05, wait_max=0.2
        ):
            with attempt:
                if not let_through:
                    breaker.check(peer)
                try:
                    return await self._once(peer, path, into, breaker, deadline, last=attempt.num == _TRIES)
                except _InstanceError:
                    let_through = True  # the call that probes a peer behind its breaker may try a second instance
                    raise
        raise PeerError(f"{peer} wasn't asked")

    async def _once(
        self, peer: str, path: str, into: BinaryIO | None, breaker: _Breaker, deadline: float, *, last: bool
    ) -> bytes:
        try:
            async with asyncio.timeout(_left(deadline, peer)):
                token = await self._service_token()
        except (SecretError, TimeoutError) as exc:
            raise PeerError(f"{peer} can't be asked without the internal key: {exc or 'no time left'}") from exc
        urls = await self._peers.urls(peer, _left(deadline, peer))
        if not urls:
            raise PeerError(f"no instance of {peer} is known")
        left = _left(deadline, peer)
        # If one instance hangs, half of the time is left for another. A single instance gets all of the time: asking a
        # slow instance twice wouldn't make it faster.
        spare = not last and len(urls) > 1
        if spare:
            left /= 2
        headers = {
            DEADLINE_HEADER: str(int(left * 1000)),
            WANTED_HEADER: peer,
            TRACE_HEADER: traceparent(),
            SERVICE_TOKEN_HEADER: token,
        }
        try:
            status, body = await self._fetch(urls, path, headers, into, time.monotonic() + left)
        except _FinalError:
            raise
        except PeerError as exc:
            if spare:
                raise _InstanceError(f"{peer}: {exc}") from exc
            breaker.record(ok=False)
            raise PeerError(f"{peer}: {exc}") from exc
        breaker.record(ok=status < 500)
        if status == 404:
            raise PeerMissing(path)
        if status >= 500:
            raise PeerError(f"{peer} answered {status}")
        if status >= 300:
            raise _FinalError(f"{peer} answered {status}")
        return body

    async def _fetch(
        self, urls: list[str], path: str, headers: dict[str, str], into: BinaryIO | None, deadline: float
    ) -> tuple[int, bytes]:
        """Ask the first instance; go on to the next one if nothing, or another service, listens there."""
        import aiohttp  # noqa: PLC0415  (3 MB that a process without calls needn't hold)

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=50), cookie_jar=aiohttp.DummyCookieJar()
            )
        failure = "no time left"
        for url in urls:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            fair = left >= _FAIR_SECONDS
            try:
                async with self._session.get(
                    url + path,
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(total=left, sock_connect=left / 2),
                    allow_redirects=False,  # the service token must not reach another host
                ) as response:
                    if response.status != 421:
                        if into is None or response.status != 200:
                            return response.status, await response.read()
                        await asyncio.to_thread(_empty, into)
                        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                            await asyncio.to_thread(into.write, chunk)
                        return response.status, b""
                self._peers.refused(url)
                failure = "another service is there"
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
                self._peers.refused(url)
                failure = type(exc).__name__
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                if not fair and isinstance(exc, TimeoutError):
                    raise _FinalError("no time left") from exc
                self._peers.refused(url)  # it hangs, or is going: others first for a while
                raise PeerError(type(exc).__name__) from exc
        raise PeerError(failure)

    async def _service_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.name, "aud": INTERNAL_AUDIENCE, "iat": now, "exp": now + 30}
        return jwt.encode(claims, await self._secrets.get(INTERNAL_KEY), algorithm="HS256")

    async def is_service(self, token: str | None) -> bool:
        """Say whether a request's service token is good."""
        if not token:
            return False
        if any(_is_signed(token, key) for key in self._keys or await self._read_keys()):
            return True
        # While the key is being rotated, the caller may have the next one already, or still the last one.
        if time.monotonic() - self._keys_at < _KEYS_MIN_AGE_SECONDS:
            return False
        return any(_is_signed(token, key) for key in await self._read_keys())

    async def _read_keys(self) -> tuple[str, ...]:
        self._keys_at = time.monotonic()
        try:
            current = await self._secrets.refresh(INTERNAL_KEY)
            previous = await self._secrets.get_previous(INTERNAL_KEY)
        except SecretError as exc:
            log.warning("internal_key_unavailable", error=str(exc))
        else:
            self._keys = (current, previous) if previous else (current,)
        return self._keys

    async def close(self) -> None:
        """Close the pool."""
        await self._peers.close()
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)


def _empty(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()


def _left(deadline: float, peer: str) -> float:
    """Return how many seconds are left.

    Raises:
        PeerError: None.
    """
    if (left := deadline - time.monotonic()) <= 0:
        raise _FinalError(f"no time left for {peer}")
    return left


def _may_help(exc: Exception) -> bool:
    """Say whether asking once more makes sense."""
    return isinstance(exc, PeerError) and not isinstance(exc, _FinalError)


def _is_signed(token: str, key: str) -> bool:
    try:
        jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=INTERNAL_AUDIENCE,
            leeway=_CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.InvalidTokenError:
        return False
    return True
