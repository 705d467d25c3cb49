"""What opening live connections takes and gives over the wire."""

from msgspec import Struct


class LiveTicket(Struct, frozen=True):
    """A ticket for a live connection, good for `expires_in` seconds: `…?ticket=…`."""

    ticket: str
    expires_in: int
