"""What is known of a request's sender: the network address, shortened before it is stored, the browser, languages."""

import unicodedata

from msgspec import Struct

from services.core.network import network, site
from services.core.spoken import accepted

_AGENT_CHARS = 160


class Visitor(Struct, frozen=True):
    """Where a request comes from.

    Attributes:
        address: The client's address as trusted proxies tell it; never stored.
        agent: The User-Agent header, cut and cleaned.
        languages: The tags that the browser says its reader understands, in their order; never stored.
    """

    address: str
    agent: str = ""
    languages: tuple[str, ...] = ()

    @property
    def site(self) -> str:
        """What limits count: an IPv4 address, or the /64 that an IPv6 customer has to himself."""
        return site(self.address)

    @property
    def network(self) -> str:
        """What is stored, so that people recognise their sessions: IPv4 /24, IPv6 /48."""
        return network(self.address, 24, 48)


def visitor(address: str, agent: str | None, languages: str | None = None) -> Visitor:
    """Return the visitor for an address, and the headers User-Agent and Accept-Language."""
    shown = "".join(char for char in (agent or "") if unicodedata.category(char)[0] != "C")
    return Visitor(address, shown[:_AGENT_CHARS], tuple(accepted(languages or "")))
