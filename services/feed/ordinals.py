"""The places of entries in feeds: UUIDv7 that sort by a moment, made of nothing but the moment and an id."""

from datetime import UTC, datetime
from uuid import UUID

_TAIL_BITS = 80
"""Of a UUIDv7 all but its 48 bits of milliseconds: version, variant and what is random."""


def ordinal_of(thing: UUID, moment: datetime) -> UUID:
    """Return the ordinal of what became visible at a moment: the UUIDv7 of that moment with the thing's own tail."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << _TAIL_BITS) | (thing.int & ((1 << _TAIL_BITS) - 1)))


def moment_of(uuid: UUID) -> datetime:
    """Return when a UUIDv7 was made."""
    return datetime.fromtimestamp((uuid.int >> _TAIL_BITS) / 1000, UTC)
