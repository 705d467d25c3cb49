"""Requests to URLs that strangers gave us: to public addresses alone, whatever their names lead to.

The address that was checked is the one that is connected to, so a name that leads elsewhere the next moment leads
nowhere. Redirects aren't followed, no more of an answer is read than its headers, and neither a proxy nor a cookie of
ours goes with a request.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from services.core.network import parsed

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import AbstractResolver

_LONGEST_URL = 1_000
_SECONDS = 8.0
"""For all of a request: who answers slowly holds up others'."""

_AT_ONCE = 50
_MOST_HEADER_BYTES = 8_190

_TRANSLATED = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
)
"""Networks of IPv6 in whose addresses stand those of IPv4 (RFC 6052, 8215, 3056): private ones, too."""


class OutsideError(Exception):
    """A request got no answer.

    Attributes:
        refused: It isn't made, now or later: it would lead into a network of ours.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Answer(Struct, frozen=True):
    """What somebody answered, without its body.

    Attributes:
        headers: Their names in lower case.
    """

    status: int
    headers: Mapping[str, str]


def is_public(address: str) -> bool:
    """Say whether an address is one of the Internet, which anybody may reach."""
    found = parsed(address)
    if found is None or not found.is_global or found.is_multicast:
        return False
    return found.version == 4 or not any(found in each for each in _TRANSLATED)


def check_url(url: str) -> str:
    """Return a URL whose host is a name and which is asked over TLS, at the port of HTTPS.

    Raises:
        ValueError: It isn't such a one; the message is fit for a user.
    """
    wrong = "This isn't an `https` URL with a host's name."
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(wrong)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(wrong) from None
    host = parts.hostname or ""
    plain = parts.scheme == "https" and port in (None, 443) and "@" not in parts.netloc and not parts.fragment
    # A name whose last part begins with a digit is an address, in one of the forms that resolvers take.
    last = host.rstrip(".").rpartition(".")
    if not plain or not last[0] or last[2][:1].isdigit() or ":" in host:
        raise ValueError(wrong)
    return url


class Outside:
    """A pool of connections to strangers.

    Args:
        resolver: Looks names up and is trusted with where they lead; by default the system's, whose answers are
            checked.
        tls: How servers are verified; by default as the system does.
    """

    def __init__(self, resolver: "AbstractResolver | None" = None, tls: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send something to a URL that `check_url` has returned.

        Raises:
            OutsideError: There is no answer.
        """
        import aiohttp  # noqa: PLC0415 - slow to import

        try:
            check_url(url)
            async with self._opened().post(
                url, data=body, headers=headers, allow_redirects=False, raise_for_status=False
            ) as answer:
                found = Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()})
                answer.close()  # its body may be endless
                return found
        except _NotPublicError as exc:
            raise OutsideError(str(exc), refused=True) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            raise OutsideError(f"{type(exc).__name__}: {exc}") from exc

    def _opened(self) -> "aiohttp.ClientSession":
        if self._session is None:
            import aiohttp  # noqa: PLC0415 - slow to import

            connector = aiohttp.TCPConnector(
                resolver=self._resolver or _public_resolver(),
                ssl=self._tls or True,
                limit=_AT_ONCE,
                limit_per_host=_AT_ONCE,
                use_dns_cache=False,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                trust_env=False,
                auto_decompress=False,
                max_line_size=_MOST_HEADER_BYTES,
                max_field_size=_MOST_HEADER_BYTES,
            )
        return self._session

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await asyncio.sleep(0)


class _NotPublicError(Exception):
    """A name leads to an address that strangers have no business with. As an `OSError` it would be made another."""


def _public_resolver() -> "AbstractResolver":
    """Return the system's resolver, of which one private address refuses a name."""
    import socket  # noqa: PLC0415 - beside what needs it

    from aiohttp.abc import ResolveResult  # noqa: PLC0415 - slow to import
    from aiohttp.resolver import ThreadedResolver  # noqa: PLC0415 - slow to import

    class Public(ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            if not found or not all(is_public(each["host"]) for each in found):
                raise _NotPublicError(f"{host} leads to an address that isn't public")
            return found

    return Public()
