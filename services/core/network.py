"""Networks of addresses: what limits count as one place, and what of an address is kept."""

import ipaddress
from functools import lru_cache

UNKNOWN = "unknown"


def parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address, an IPv4 one within IPv6 as what it is; None if it is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@lru_cache(maxsize=10_000)  # asked several times for each request
def network(address: str, bits4: int, bits6: int) -> str:
    """Return the network that an address is in, `unknown` if it is none.

    Args:
        address: IPv4 or IPv6; an IPv4 address within IPv6 counts as what it is.
        bits4: How long the prefix of an IPv4 network is.
        bits6: How long that of an IPv6 network is.
    """
    found = parsed(address)
    if found is None:
        return UNKNOWN
    bits = bits4 if found.version == 4 else bits6
    rest = found.max_prefixlen - bits
    return f"{type(found)(int(found) >> rest << rest)}/{bits}"


def site(address: str) -> str:
    """Return what limits count: an IPv4 address, or the /64 that an IPv6 customer has to themselves."""
    return network(address, 32, 64)
