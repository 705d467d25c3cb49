"""What opening live connections takes and gives over the wire."""

from msgspec import Struct


class LiveTicket(Struct, frozen=True):
    """A ticket that opens one WebSocket, within `expires_in` seconds: `…/live?ticket=…`."""

    ticket: str
    expires_in: int
