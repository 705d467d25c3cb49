"""Networks of addresses: what limits count as one place, and what of an address is kept."""

import ipaddress

UNKNOWN = "unknown"


def network(address: str, bits4: int, bits6: int) -> str:
    """Return the network that an address is in, `unknown` if it is none.

    Args:
        address: IPv4 or IPv6; an IPv4 address within IPv6 counts as what it is.
        bits4: How long the prefix of an IPv4 network is.
        bits6: How long that of an IPv6 network is.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    bits = bits4 if parsed.version == 4 else bits6
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def site(address: str) -> str:
    """Return what limits count: an IPv4 address, or the /64 that an IPv6 customer has to themselves."""
    return network(address, 32, 64)
