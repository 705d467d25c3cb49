"""CORS: which other sites' pages may call the API. By default none.

The edge answers, so that a problem document is as readable to a listed page as a result is. A page's preflight is
answered before routing; a page that isn't listed gets no header, and its browser refuses. Behind the gateway, which
answers itself for its own list (docs/gateway.md), there is nothing to set.
"""

from collections.abc import Iterable, Sequence

Headers = Sequence[tuple[bytes, bytes]]

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_TAKEN = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Traceparent",
)
_SHOWN = b"Content-Disposition, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Trace-Id"
_AGE_SECONDS = b"600"


def listed_origins(setting: str) -> list[str]:
    """Return the origins that the setting `cors_origins` lists."""
    return [origin.strip() for origin in setting.split(",") if origin.strip()]


class Cors:
    """The headers for pages of some origins.

    Args:
        origins: As browsers send them: `https://app.example.org`.
        taken: Headers of requests that services take beside HTTP's own.
    """

    def __init__(self, origins: Iterable[str], taken: Iterable[str]) -> None:
        self._origins = frozenset(origin.lower().encode() for origin in origins)
        self._taken = ", ".join([*_TAKEN, *sorted(name.title() for name in taken)]).encode()

    def headers(self, request: Headers) -> list[tuple[bytes, bytes]]:
        """Return what an answer's headers say to the page that asks; only a listed one may send credentials."""
        if not self._origins:
            return []
        vary = (b"vary", b"Origin")
        if (origin := self._listed(request)) is None:
            return [vary]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _SHOWN),
            vary,
        ]

    def preflight(self, method: str, request: Headers) -> list[tuple[bytes, bytes]] | None:
        """Return the headers that answer a listed page's question whether it may send a request; None if it is none.

        Args:
            method: The request's method.
            request: Its headers.
        """
        if method != "OPTIONS" or self._listed(request) is None:
            return None
        if not any(name == b"access-control-request-method" for name, _ in request):
            return None
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", self._taken),
            (b"access-control-max-age", _AGE_SECONDS),
        ]

    def _listed(self, request: Headers) -> bytes | None:
        origins = [value for name, value in request if name == b"origin"]
        return origins[0] if len(origins) == 1 and origins[0].lower() in self._origins else None


NO_PAGES = Cors((), ())
"""For nobody but the API's own pages, which need no leave."""
