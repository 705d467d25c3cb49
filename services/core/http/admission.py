"""Checks before a request is read: is it for this process, clear in its headers, and without a token in its URL?"""

import re
from collections.abc import Callable, Iterable, Sequence

from services.core.peers.calls import WANTED_HEADER
from services.core.problems import Problem, malformed, misdirected

_WANTED = WANTED_HEADER.encode()
_TOKEN_IN_QUERY = re.compile(
    rb"(?:^|&)(?:access|refresh|id|auth)_token=|(?:^|[=&])eyJ[\w-]+\.[\w-]+\.|=v[rw]_[\w-]{40}"
)
_SINGLE = frozenset({b"authorization", b"content-type", b"idempotency-key"})

Headers = Sequence[tuple[bytes, bytes]]


def admission(names: Iterable[str], single_headers: Iterable[str]) -> Callable[[Headers], Problem | None]:
    """Return what finds a request's fault in its headers.

    Args:
        names: The services that this process serves.
        single_headers: Headers that may be sent only once, beside HTTP's own such as Authorization. With two of
            them, one part of the program could use the first and another the last.
    """
    served = frozenset(names)
    single = _SINGLE | {name.encode() for name in single_headers}

    def fault(headers: Headers) -> Problem | None:
        found = [name for name, _ in headers]
        if found.count(b"host") != 1:  # RFC 9112, section 3.2; with two, a proxy and we could read different ones
            return malformed("A request names its host once, in the header Host.")
        if _WANTED in found:
            for wanted in (value.decode("latin-1") for name, value in headers if name == _WANTED):
                if wanted not in served:
                    return misdirected(wanted)
        if len(set(found)) < len(found):
            for name in single:
                if found.count(name) > 1:
                    return malformed(f"The header {name.decode()} stands twice; which one holds?")
        return None

    return fault


def token_in_query(query: bytes) -> Problem | None:
    """Refuse a URL with an access token, a refresh token or an API key in it: proxies and browsers log URLs.

    What a live connection has instead, since browsers send no headers with it, is a ticket.
    """
    if query and _TOKEN_IN_QUERY.search(query):
        return Problem(
            400,
            "token-in-url",
            "A token can't stand in a URL",
            "URLs are logged, so end this token's session. Send tokens in the header Authorization.",
        )
    return None
