"""What opening live connections takes and gives over the wire."""

from msgspec import Struct

from services.core.live.messages import Credential, StreamName


class LiveTicketNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ticket shall open: the WebSocket, or the event stream of one stream.

    Attributes:
        stream: For an event stream: which.
        token: For an event stream: what it asks for beside an account, such as a voting token.
    """

    stream: StreamName | None = None
    token: Credential | None = None


class LiveTicket(Struct, frozen=True):
    """A ticket for a live connection, good for `expires_in` seconds: `…?ticket=…`."""

    ticket: str
    expires_in: int
