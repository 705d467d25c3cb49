"""UUIDv7 and the moments in them (RFC 9562, section 5.7): they order what is listed."""

from datetime import UTC, datetime
from uuid import UUID


def moment_of(ordinal: UUID) -> datetime:
    """Return the moment of a UUIDv7, to a millisecond."""
    return datetime.fromtimestamp((ordinal.int >> 80) / 1000, UTC)


def first_of(at: datetime) -> UUID:
    """Return what no UUIDv7 of a moment, or a later one, is before."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def last_of(at: datetime) -> UUID:
    """Return what no UUIDv7 of a moment, or an earlier one, is after."""
    return UUID(int=(int(at.timestamp() * 1000) + 1 << 80) - 1)
